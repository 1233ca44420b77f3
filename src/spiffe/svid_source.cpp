#include "spiffe/svid_source.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "spiffe/openssl.hpp"
#include "spiffe/peer_verifier.hpp"

#include <openssl/ssl.h>

#include <mutex>

namespace vsecm::spiffe {
namespace {

// One role's contexts. Shared with every connection maker; thread-safe.
class role_source final : public net::tls_source {
public:
    explicit role_source(base::clock const& clock) : clock_(clock) {}

    // An SVID past its date would only be refused by the other side: better to say "no identity" here.
    std::shared_ptr<net::tls_context const> current() const override {
        auto held = held_.load();
        if (!held || clock_.now() >= held->expires) return nullptr;
        auto const* const context = &held->context;
        return {std::move(held), context};
    }

    struct dated_context {
        net::tls_context context;
        base::system_time expires;
    };
    void replace(std::shared_ptr<dated_context const> next) { held_.store(std::move(next)); }

private:
    base::clock const& clock_;
    std::atomic<std::shared_ptr<dated_context const>> held_;
};

base::result<net::tls_context> make_context(net::tls_role role, std::string_view groups, x509_svid const& svid,
                                            std::shared_ptr<peer_verifier const> verifier, std::uint64_t generation) {
    VSECM_TRY(ctx, net::new_ssl_ctx(role, groups));
    auto const refused = [&] {
        return base::fail(base::errc::internal, "OpenSSL does not take the SVID of {}: {}", svid.id().text(), net::openssl_reason());
    };
    VSECM_TRY(leaf, parse_certificate(svid.chain().front()));
    if (SSL_CTX_use_certificate(ctx.get(), leaf.get()) != 1) return refused();
    for (std::size_t i = 1; i < svid.chain().size(); ++i) {
        VSECM_TRY(intermediate, parse_certificate(svid.chain()[i]));
        if (SSL_CTX_add1_chain_cert(ctx.get(), intermediate.get()) != 1) return refused();
    }
    auto const* at = svid.key().data();
    pkey_ptr const key{d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(svid.key().size()))};
    if (!key || SSL_CTX_use_PrivateKey(ctx.get(), key.get()) != 1) return refused();
    verifier->install(ctx.get());
    return net::tls_context{std::move(verifier), std::move(ctx), generation};
}

}  // namespace

struct svid_source::impl final : watch_listener {
    impl(net::executor loop, svid_source_options chosen)
        : ex(loop), options(std::move(chosen)),
          clock(options.clock != nullptr ? *options.clock : base::system_clock()), watch(loop, options.watch, *this),
          server(std::make_shared<role_source>(clock)), client(std::make_shared<role_source>(clock)) {}

    net::executor ex;
    svid_source_options options;
    base::clock const& clock;
    x509_watch watch;
    std::shared_ptr<bundle_holder> bundles = std::make_shared<bundle_holder>();
    std::shared_ptr<role_source> server;
    std::shared_ptr<role_source> client;
    std::optional<x509_svid> svid;  // the one in use
    std::vector<net::timer*> waiting;
    std::uint64_t num_failures = 0;
    bool started = false;

    mutable std::mutex guard;  // of `known` only, which is read by probes on other loops
    identity_state known;

    bool usable() const { return svid && clock.now() < svid->expires(); }

    void changed() {
        for (auto* const waiter : waiting) waiter->cancel();
        if (options.on_change) options.on_change();
    }

    void failed(base::error const& why) {
        bool news = false;
        {
            std::lock_guard const lock(guard);
            bool const withdrawn = why.code == base::errc::no_identity;
            news = withdrawn && !known.withdrawn && svid;
            // A lost agent does not undo a refusal; only a new SVID does.
            known.withdrawn = known.withdrawn || withdrawn;
            known.problem = why.what;
        }
        ++num_failures;
        base::log::warn(news ? "identity_withdrawn" : "identity_unavailable", {{"reason", why.what}});
        changed();
    }

    void on_error(base::error const& why) override { failed(why); }

    void on_update(x509_context&& context) override {
        if (auto taken = take(std::move(context)); !taken) return failed(taken.error());
        changed();
    }

    base::result<x509_svid> choose(std::vector<x509_svid>&& svids) const {
        std::string reasons;
        for (auto& candidate : svids) {
            auto const welcome = options.accept_self ? options.accept_self(candidate.id().text()) : base::status{};
            if (welcome) return std::move(candidate);
            reasons += reasons.empty() ? "" : "; ";
            reasons += welcome.error().what;
        }
        // invalid, not no_identity: we do have one, so nothing was withdrawn.
        return base::fail(base::errc::invalid, "the SPIFFE Workload API at {} issues another identity than this needs: {}",
                          options.watch.where.text(), reasons);
    }

    base::status take(x509_context&& context) {
        auto const before = bundles->load();
        VSECM_TRY(trusted, trust_bundles::make(context.bundles, context.federated, before));
        auto next = choose_in_date(std::move(context.svids));
        if (!next) {
            // Whom to trust is news all the same: a root that was taken away must not be trusted because our own SVID came late.
            bool const of_our_domain = svid && context.bundles.contains(std::string(svid->id().trust_domain()));
            if (of_our_domain && trusted != before) VSECM_TRY_OK(swap(*svid, trusted));
            return std::unexpected(std::move(next).error());
        }
        bool const same = svid && trusted == before && svid->chain() == next->chain();
        if (!same) {
            VSECM_TRY_OK(swap(*next, trusted));
            svid = *std::move(next);
        }
        std::lock_guard const lock(guard);
        known.withdrawn = false;
        known.problem.clear();
        return {};
    }

    base::result<x509_svid> choose_in_date(std::vector<x509_svid>&& svids) const {
        VSECM_TRY(next, choose(std::move(svids)));
        if (clock.now() < next.expires()) return next;
        return base::fail(base::errc::invalid, "the SPIFFE Workload API at {} sent an SVID of {} that has expired",
                          options.watch.where.text(), next.id().text());
    }

    // Everything is made before anything is replaced.
    base::status swap(x509_svid const& next, std::shared_ptr<trust_bundles const> const& trusted) {
        using dated = role_source::dated_context;
        auto const generation = known.generation + 1;
        std::shared_ptr<dated const> serving;
        std::shared_ptr<dated const> connecting;
        if (options.serve) {
            auto verifier = std::make_shared<peer_verifier const>(trusted, bundles, options.accept_client, clock);
            VSECM_TRY(made, make_context(net::tls_role::server, options.tls_groups, next, std::move(verifier), generation));
            serving = std::make_shared<dated const>(std::move(made), next.expires());
        }
        if (options.connect) {
            auto verifier = std::make_shared<peer_verifier const>(trusted, bundles, options.accept_server, clock);
            VSECM_TRY(made, make_context(net::tls_role::client, options.tls_groups, next, std::move(verifier), generation));
            connecting = std::make_shared<dated const>(std::move(made), next.expires());
        }
        bundles->store(trusted);
        if (serving) server->replace(std::move(serving));
        if (connecting) client->replace(std::move(connecting));
        {
            std::lock_guard const lock(guard);
            known.id = next.id();
            known.expires = next.expires();
            known.generation = generation;
        }
        base::log::info("identity_received", {{"id", next.id().text()},
                                              {"expires", base::format_rfc3339(next.expires())},
                                              {"trust_domains", trusted->num_domains()},
                                              {"generation", generation}});
        return {};
    }

    // Has a timer cancelled at news for as long as it lives, however the coroutine ends that has it.
    class listed {
    public:
        listed(impl& in, net::timer& wake) : in_(in), wake_(wake) { in_.waiting.push_back(&wake_); }
        ~listed() { std::erase(in_.waiting, &wake_); }
        listed(listed const&) = delete;
        listed& operator=(listed const&) = delete;

    private:
        impl& in_;
        net::timer& wake_;
    };

    static net::awaitable<base::status> run(std::shared_ptr<svid_source> self) { co_return co_await self->impl_->watch.run(); }
};

svid_source::svid_source(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
svid_source::~svid_source() = default;

std::shared_ptr<svid_source> svid_source::make(net::executor ex, svid_source_options options) {
    return std::shared_ptr<svid_source>(new svid_source(std::make_unique<impl>(ex, std::move(options))));
}

void svid_source::start() {
    if (std::exchange(impl_->started, true)) return;
    net::asio::co_spawn(impl_->ex, impl::run(shared_from_this()), [](std::exception_ptr thrown, base::status const& ended) {
        if (thrown) std::rethrow_exception(thrown);  // out of memory and the like: the loop's owner decides
        if (ended.error().code != base::errc::cancelled) base::log::error("identity_watch_ended", {{"reason", ended.error().what}});
    });
}

void svid_source::stop() { impl_->watch.stop(); }

net::awaitable<base::status> svid_source::wait_first(net::steady_clock::time_point deadline, patience how) {
    auto const self = shared_from_this();
    auto& i = *impl_;
    net::timer wake(i.ex);
    impl::listed const in_list(i, wake);
    for (;;) {
        if (i.usable()) co_return base::status{};
        bool const late = net::steady_clock::now() >= deadline;
        if (late || (how == patience::until_first_error && i.num_failures > 0)) {
            auto const problem = state().problem;
            if (!problem.empty()) co_return base::fail(base::errc::no_identity, "{}", problem);
            co_return base::fail(base::errc::no_identity, "the SPIFFE Workload API at {} gave no identity in time",
                                 i.options.watch.where.text());
        }
        wake.expires_at(deadline);
        auto [ec] = co_await wake.async_wait(net::as_result);
        static_cast<void>(ec);  // news, or the deadline, unless it is us who are cancelled
        auto const ours = co_await net::asio::this_coro::cancellation_state;
        if (ours.cancelled() != net::asio::cancellation_type::none) co_return base::fail(base::errc::cancelled, "the wait for an identity was cancelled");
    }
}

std::shared_ptr<net::tls_source const> svid_source::tls(net::tls_role role) const {
    return role == net::tls_role::server ? impl_->server : impl_->client;
}

identity_state svid_source::state() const {
    std::lock_guard const lock(impl_->guard);
    return impl_->known;
}

}  // namespace vsecm::spiffe
