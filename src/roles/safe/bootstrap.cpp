#include "roles/safe/bootstrap.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "net/address.hpp"
#include "net/own_thread.hpp"

#include <chrono>

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

// A writer that has not answered for this long is stuck on the disk; no new work should come here.
constexpr std::chrono::seconds slow_write{10};
// And after this long a restart is the only hope: what was not acknowledged is not lost by it.
constexpr std::chrono::seconds stuck_write{120};

std::shared_ptr<spiffe::svid_source> make_identity(config::safe_settings const& settings, spiffe::peer_policy const& policy, net::executor loop,
                                                   base::status& problem) {
    spiffe::svid_source_options options;
    auto where = spiffe::parse_endpoint_socket(settings.identity.socket);
    if (!where) {
        problem = pass(std::move(where), "SPIFFE_ENDPOINT_SOCKET");
        return nullptr;
    }
    options.watch.where = *std::move(where);
    options.tls_groups = settings.identity.tls_groups;
    options.connect = false;
    options.accept_client = [&policy](std::string_view id) -> base::status {
        if (policy.is(spiffe::caller_kind::unknown, id)) return fail(errc::denied, "the identity {} belongs to no workload of this trust domain's pattern", id);
        return {};
    };
    options.accept_self = [&policy](std::string_view id) -> base::status {
        if (policy.is(spiffe::caller_kind::safe, id)) return {};
        return fail(errc::no_identity, "the identity {} is not safe's (VSECM_SPIFFEID_PREFIX_SAFE)", id);
    };
    return spiffe::svid_source::make(std::move(loop), std::move(options));
}

net::http_limits limits_of(config::safe_limits const& limits) {
    using std::chrono::ceil, std::chrono::seconds;
    net::http_limits http;
    http.max_connections = limits.max_connections;
    // A large Deployment may be one identity; a quarter stays for all others, operators among them.
    http.max_per_peer = std::max<std::size_t>(limits.max_connections / 4 * 3, 1);
    http.max_handshakes_per_loop = limits.max_handshakes;
    http.max_header_len = limits.max_header_len;
    http.max_body_len = limits.max_body_len;
    http.handshake = ceil<seconds>(limits.handshake_timeout);
    http.header = ceil<seconds>(limits.request_timeout);
    http.body = ceil<seconds>(limits.request_timeout);
    http.idle = ceil<seconds>(limits.idle_timeout);
    http.write = ceil<seconds>(limits.write_timeout);
    return http;
}

base::result<base::unique_fd> listen_on(std::string const& address, std::string_view what) {
    auto parsed = net::parse_listen_address(address);
    if (!parsed) return pass(std::move(parsed), what);
    auto listener = net::listen_tcp(*parsed);
    if (!listener) return pass(std::move(listener), what);
    return listener;
}

// For who gives the key by hand, perhaps the one from before a rotation: the log is not where he looks.
std::string warning_of_unopened(store::load_summary const& loaded) {
    if (loaded.num_damaged == 0) return {};
    return std::format("{} of the stored secrets cannot be opened (`safe -l` marks them): if the root key was replaced once, restart safe and give all of its lines",
                       loaded.num_damaged);
}

// A watch hub belongs to its loop, so it is made there.
net::awaitable<void> add_hub(vault& opened, std::size_t index, net::executor loop) {
    opened.add_hub(index, loop);
    co_return;
}

}  // namespace

bootstrap::bootstrap(config::safe_settings const& settings, spiffe::peer_policy const& policy, net::runtime& loops, journal& audit)
    : settings_(settings), policy_(policy), loops_(loops), service_(policy, audit, loops.num_loops()) {}

bootstrap::~bootstrap() = default;

net::awaitable<base::status> bootstrap::start() {
    VSECM_CO_TRY_OK(open_probes());
    base::status problem;
    identity_ = make_identity(settings_, policy_, loops_.loop(0), problem);
    VSECM_CO_TRY_OK(std::move(problem));
    service_.use_identity(identity_);
    loops_.on_stop(
        "safe",
        [this] {
            service_.enter(phase::stopping);
            if (api_) api_->stop_taking_in();
        },
        [this](net::steady_clock::time_point deadline) { return shut_down(deadline); });

    VSECM_CO_TRY(account, open_account(settings_));
    account_ = std::move(account);
    keys_ = make_root_key_store(settings_, account_, loops_.loop(0));
    keeper_.emplace(loops_.loop(0), keys_.get());
    service_.use_keeper(*keeper_);

    auto const deadline = net::steady_clock::now() + settings_.bootstrap_timeout;
    identity_->start();
    VSECM_CO_TRY_OK(co_await identity_->wait_first(deadline));
    if (loops_.stopping()) co_return fail(errc::cancelled, "safe is stopping");

    VSECM_CO_TRY_OK(co_await find_root_key());
    if (loops_.stopping()) co_return fail(errc::cancelled, "safe is stopping");  // and would not be told again
    VSECM_CO_TRY_OK(open_api());
    VSECM_CO_TRY_OK(write_ports_file());
    base::log::info("listening", {{"port", api_->port()}, {"phase", name_of(service_.now())}, {"identity", identity_->state().id->text()}});
    co_return base::status{};
}

base::status bootstrap::open_probes() {
    VSECM_TRY(live, listen_on(settings_.liveness_address, "VSECM_PROBE_LIVENESS_PORT"));
    VSECM_TRY(ready, listen_on(settings_.readiness_address, "VSECM_PROBE_READINESS_PORT"));
    auto const alive = [this] { return not_alive(); };
    auto const strictly = [this] { return not_ready(false); };
    auto const told = metrics_page();
    liveness_.emplace(loops_, std::move(live), net::probe_checks{alive, alive, strictly, told});
    // The original's chart asks `/`. Sealed, safe can serve one thing, the unsealing: a Service that left it out would
    // make that impossible, so `/` says yes and /readyz says no.
    readiness_.emplace(loops_, std::move(ready), net::probe_checks{[this] { return not_ready(true); }, alive, strictly, told});
    liveness_->start();
    readiness_->start();
    return {};
}

std::shared_ptr<metrics::exposition const> bootstrap::metrics_page() const {
    if (!settings_.metrics) return nullptr;
    auto told = std::make_shared<metrics::exposition>("safe", [this] { return !not_ready(false); });
    told->add([this](metrics::page& out) { service_.write_metrics(out); });
    return told;
}

base::status bootstrap::open_api() {
    VSECM_TRY(listener, listen_on(settings_.tls_address, "VSECM_SAFE_TLS_PORT"));
    net::http_server_options options;
    options.limits = limits_of(settings_.limits);
    options.server_header = api::server_token;
    options.label = "api";
    api_.emplace(loops_, std::move(listener), identity_->tls(net::tls_role::server), service_, std::move(options));
    service_.watch_counters(*api_);
    api_->start();
    return {};
}

base::status bootstrap::write_ports_file() const {
    if (settings_.ports_file.empty()) return {};
    auto const text = std::format("api={}\nlive={}\nready={}\n", api_->port(), liveness_->port(), readiness_->port());
    return base::replace_file(base::posix_files(), settings_.ports_file, base::as_bytes(text), 0600);
}

std::optional<std::string> bootstrap::not_ready(bool sealed_counts) const {
    auto const now = service_.now();
    if (now == phase::sealed && sealed_counts && api_) return std::nullopt;
    if (now != phase::serving || !api_) return "safe is " + std::string(name_of(now));
    if (!identity_->tls(net::tls_role::server)->current()) return "the identity has expired: " + identity_->state().problem;
    if (vault_->secrets().health().oldest_waiting > slow_write) return "the store does not answer: a write waits";
    return std::nullopt;
}

std::optional<std::string> bootstrap::not_alive() const {
    if (service_.now() == phase::serving && vault_->secrets().health().oldest_waiting > stuck_write) return "the store is stuck: a write does not end";
    return std::nullopt;
}

net::awaitable<base::status> bootstrap::open_vault(crypto::root_key key) {
    auto shared = std::make_shared<crypto::root_key const>(std::move(key));
    auto open = [this, shared] { return vault::open(settings_, shared, policy_.has_namespaces(), base::system_clock()); };
    auto opened = co_await net::on_own_thread(loops_.loop(0), std::move(open));
    if (!opened) co_return pass(std::move(opened), "opening the store");
    vault_ = *std::move(opened);
    vault_->prepare_hubs(loops_.num_loops());
    for (std::size_t i = 0; i < loops_.num_loops(); ++i)
        co_await net::asio::co_spawn(loops_.loop(i), add_hub(*vault_, i, loops_.loop(i)), net::asio::use_awaitable_t<net::executor>{});
    if (account_) vault_->keep(start_mirror(settings_, *vault_, account_, loops_));
    service_.publish(*vault_);
    if (service_.now() != phase::stopping) service_.enter(phase::serving);
    co_return base::status{};
}

net::awaitable<base::status> bootstrap::find_root_key() {
    if (!settings_.manual_root_key) {
        VSECM_CO_TRY(key, co_await load_or_make_root_key(*keys_, base::posix_files(), settings_.data_path));
        co_return co_await open_vault(std::move(key));
    }
    if (keys_) {
        VSECM_CO_TRY(kept, co_await keys_->load());
        if (kept) co_return co_await open_vault(*std::move(kept));
    }
    service_.on_unseal([this](crypto::root_key key) { return unseal(std::move(key)); });
    service_.enter(phase::sealed);
    base::log::warn("sealed", {{"what", "waiting for the root key: safe -i -"}});
    co_return base::status{};
}

net::awaitable<base::result<std::string>> bootstrap::unseal(crypto::root_key key) {
    // The caller may be on any loop; the phase is decided on loop 0, so that two keys at once open one store.
    auto there = unseal_on_first_loop(std::move(key));
    co_return co_await net::asio::co_spawn(loops_.loop(0), std::move(there), net::asio::use_awaitable_t<net::executor>{});
}

net::awaitable<base::result<std::string>> bootstrap::unseal_on_first_loop(crypto::root_key key) {
    if (service_.now() != phase::sealed) co_return fail(errc::conflict, "safe is {}: it takes no root key now", name_of(service_.now()));
    service_.enter(phase::opening);
    auto opened = co_await open_vault(std::move(key));
    if (!opened && service_.now() == phase::opening) service_.enter(phase::sealed);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    base::log::warn("unsealed", {{"root_key", vault_->cipher().key()->id()}, {"kept_in", keys_ ? keys_->describe() : "memory only"}});
    auto warning = warning_of_unopened(vault_->secrets().loaded());
    if (!keys_) co_return warning;
    // Only now: it has opened what there is. That it is not stored must not keep safe from serving.
    auto const kept = co_await keeper_->keep(*vault_);
    if (kept) co_return warning;
    base::log::error("root_key_not_stored", {{"where", keys_->describe()}, {"reason", kept.error().what}});
    co_return "safe is unsealed, but the root key is in memory only, and must be given again after the next start: " + kept.error().what +
        (warning.empty() ? "" : ". And " + warning);
}

net::awaitable<void> bootstrap::shut_down(net::steady_clock::time_point deadline) {
    if (api_) co_await api_->finish(deadline);
    // What waits is written first; nothing new comes. As long as the disk takes: meanwhile the probes answer, and a second
    // signal ends the process.
    auto const write_all = [this] {
        vault_->secrets().stop();
        return true;
    };
    if (vault_) co_await net::on_own_thread(loops_.loop(0), write_all);
    if (vault_ && vault_->mirror()) vault_->mirror()->stop();
    identity_->stop();
    base::log::info("stopped");
}

}  // namespace vsecm::roles::safe
