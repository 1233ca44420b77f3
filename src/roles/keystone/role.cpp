#include "roles/keystone/role.hpp"

#include "base/file.hpp"
#include "client/waiting.hpp"
#include "net/address.hpp"
#include "net/probes.hpp"
#include "role_frame.hpp"
#include "spiffe/identity_metrics.hpp"

namespace vsecm {
namespace {

struct keystone {
    bool ready = false;
    std::optional<net::probe_server> probe;
};

net::awaitable<void> wait(client::session& session, config::keystone_settings const& settings, keystone& state) {
    if (state.probe) state.probe->start();
    auto found = co_await client::wait_for_secret(session, {settings.poll_interval, {}});
    if (!found) co_return;  // the role is ending
    state.ready = true;
    base::log::info("ready", {{"what", "the system has bootstrapped"}});
}

// `session` is asked at the time of a scrape only.
std::shared_ptr<metrics::exposition const> metrics_page(keystone const& state, client::session& session) {
    auto told = std::make_shared<metrics::exposition>("keystone", [&] { return state.ready; });
    told->add([&](metrics::page& out) { spiffe::write_metrics(out, session.identity().state()); });
    return told;
}

base::status open_probe(net::runtime& loop, config::keystone_settings const& settings, keystone& state, client::session& session) {
    if (settings.readiness_address.empty()) return {};
    auto address = net::parse_listen_address(settings.readiness_address);
    if (!address) return pass(std::move(address), "VSECM_KEYSTONE_READINESS_PORT");
    VSECM_TRY(listener, net::listen_tcp(*address));
    auto const ready = [&state]() -> std::optional<std::string> {
        if (state.ready) return std::nullopt;
        return "the secret vsecm-keystone is not there yet";
    };
    auto const alive = [] { return std::optional<std::string>{}; };
    state.probe.emplace(loop, std::move(listener), net::probe_checks{ready, alive, ready, settings.metrics ? metrics_page(state, session) : nullptr});
    if (settings.ports_file.empty()) return {};
    auto const text = std::format("ready={}\n", state.probe->port());
    return base::replace_file(base::posix_files(), settings.ports_file, base::as_bytes(text), 0600);
}

base::result<int> run() {
    VSECM_TRY(settings, begin_role<config::keystone_settings>("keystone"));
    net::runtime loop(1);
    keystone state;
    VSECM_TRY(session, client::session::make(loop.loop(0), settings.identity, settings.client, client::self_kind::any));
    VSECM_TRY_OK(open_probe(loop, settings, state, session));
    loop.on_stop("keystone", [&] {
        if (state.probe) state.probe->stop();
        session.close();
    });
    loop.spawn(0, "keystone", wait(session, settings, state));
    return loop.run();
}

}  // namespace

constexpr manual keystone_manual{
    .title = "vsecm keystone",
    .summary = "becomes Ready when the whole system has bootstrapped",
    .usage = "vsecm keystone            (no arguments: everything is set by the environment)",
    .about = R"(It waits for the secret of its own name, vsecm-keystone, which sentinel stores when its init commands are done. Until
then its readiness probe says no, afterwards yes. Orchestrators wait for this pod and so for everything.)",
    .variables = config::by_keystone,
};

int run_keystone(arguments args) { return run_framed("keystone", keystone_manual, args, run); }

}  // namespace vsecm
