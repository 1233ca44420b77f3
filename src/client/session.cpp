#include "client/session.hpp"

#include "base/try.hpp"

namespace vsecm::client {

using base::errc;
using base::fail;

api::exit_status exit_status_of_call(errc code) noexcept {
    switch (code) {
        case errc::no_identity:
        case errc::unavailable:
        case errc::timeout: return api::exit_status_of(code);
        default: return api::exit_status_of_answer(code);
    }
}

session::session(net::executor loop, std::shared_ptr<spiffe::svid_source> source, net::endpoint server, config::client_settings const& settings)
    : loop_(std::move(loop)), source_(std::move(source)), server_(std::move(server)), identity_timeout_(settings.identity_timeout) {
    limits_.timeout = settings.request_timeout;
    safe_ = another_client();
}

std::unique_ptr<safe_client> session::another_client() const {
    return std::make_unique<safe_client>(loop_, source_->tls(net::tls_role::client), server_, limits_);
}

base::result<session> session::make(net::executor loop, config::identity_settings const& identity, config::client_settings const& settings,
                                    self_kind self, std::function<void()> on_identity_change) {
    auto server = net::parse_https_endpoint(settings.endpoint);
    if (!server) return pass(std::move(server), "VSECM_SAFE_ENDPOINT_URL");
    auto where = spiffe::parse_endpoint_socket(identity.socket);
    if (!where) return pass(std::move(where), "SPIFFE_ENDPOINT_SOCKET");
    VSECM_TRY(compiled, spiffe::peer_policy::make(identity.ids));
    auto const policy = std::make_shared<spiffe::peer_policy const>(std::move(compiled));

    spiffe::svid_source_options options;
    options.watch.where = *std::move(where);
    options.tls_groups = identity.tls_groups;
    options.serve = false;
    options.on_change = std::move(on_identity_change);
    options.accept_server = [policy](std::string_view id) -> base::status {
        if (policy->is(spiffe::caller_kind::safe, id)) return {};
        return fail(errc::denied, "the server's identity ({}) is not safe's: see VSECM_SPIFFEID_PREFIX_SAFE", id);
    };
    options.accept_self = [policy, self](std::string_view id) -> base::status {
        auto const kind = policy->classify(id).kind;
        if (self == self_kind::any && kind != spiffe::caller_kind::unknown) return {};
        if (self == self_kind::sentinel && kind == spiffe::caller_kind::sentinel) return {};
        if (self == self_kind::sentinel)
            return fail(errc::no_identity, "this process's identity ({}) is not the sentinel's: see VSECM_SPIFFEID_PREFIX_SENTINEL", id);
        return fail(errc::no_identity, "this process's identity ({}) is no workload's: see VSECM_SPIFFEID_PREFIX_WORKLOAD", id);
    };
    auto source = spiffe::svid_source::make(loop, std::move(options));
    return session(loop, std::move(source), *std::move(server), settings);
}

net::awaitable<base::status> session::open(spiffe::svid_source::patience how) {
    source_->start();
    auto const deadline = net::steady_clock::now() + identity_timeout_;
    co_return co_await source_->wait_first(deadline, how);
}

void session::close() {
    safe_->close();
    source_->stop();
}

}  // namespace vsecm::client
