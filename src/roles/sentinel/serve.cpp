#include "roles/sentinel/serve.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "net/address.hpp"
#include "net/probes.hpp"
#include "roles/sentinel/init_commands.hpp"
#include "spiffe/identity_metrics.hpp"

namespace vsecm::roles::sentinel {

using base::errc;
using base::fail;

namespace {

base::result<base::unique_fd> listen(std::string const& address) {
    auto parsed = net::parse_listen_address(address);
    if (!parsed) return pass(std::move(parsed), "VSECM_PROBE_LIVENESS_PORT");
    return net::listen_tcp(*parsed);
}

// The probe's accepting begins on its loop.
net::awaitable<void> start(net::probe_server& probe) {
    probe.start();
    co_return;
}

// `initialized` says afterwards that the script is over.
net::awaitable<void> initialize(net::runtime& loops, client::session& session, config::sentinel_settings const& settings, bool& initialized) {
    auto const outcome = co_await run_init_commands(session, settings, load_init_script(settings));
    initialized = outcome == api::exit_status::done;
    if (outcome != api::exit_status::done && !loops.stopping()) loops.stop(api::to_int(outcome));
}

}  // namespace

base::result<int> serve(config::sentinel_settings const& settings) {
    if (settings.oidc_requested)
        return fail(errc::unsupported, "the OIDC resource server is not supported: unset VSECM_SENTINEL_OIDC_ENABLE_RESOURCE_SERVER");
    VSECM_TRY(listener, listen(settings.liveness_address));
    auto const alive = [] { return std::optional<std::string>{}; };
    net::runtime loops(1);
    VSECM_TRY(session, client::session::make(loops.loop(0), settings.identity, settings.client, client::self_kind::sentinel));
    bool initialized = false;
    auto const told = std::make_shared<metrics::exposition>("sentinel", [&] { return initialized; });
    told->add([&](metrics::page& out) { spiffe::write_metrics(out, session.identity().state()); });
    net::probe_server probe(loops, std::move(listener), {alive, alive, alive, settings.metrics ? told : nullptr});
    loops.on_stop("sentinel", [&] {
        probe.stop();
        session.close();
    });
    loops.spawn(0, "probe", start(probe));
    if (!settings.ports_file.empty()) {
        auto const text = std::format("live={}\n", probe.port());
        VSECM_TRY_OK(base::replace_file(base::posix_files(), settings.ports_file, base::as_bytes(text), 0600));
    }
    loops.spawn(0, "init_commands", initialize(loops, session, settings, initialized));
    base::log::info("serving", {{"live", probe.port()}});
    return loops.run();
}

}  // namespace vsecm::roles::sentinel
