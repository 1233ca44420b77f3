#include "roles/init/role.hpp"

#include "client/waiting.hpp"
#include "net/runtime.hpp"
#include "role_frame.hpp"

namespace vsecm {
namespace {

constexpr int stopped_by_signal = 143;

// `found` says afterwards whether the secret, and not a signal, ended the wait.
net::awaitable<void> wait_and_stop(client::session& session, config::init_settings const& settings, net::runtime& loop, bool& found) {
    if (auto there = co_await client::wait_for_secret(session, {settings.poll_interval, {}}); !there) co_return;  // the role is ending
    base::log::info("secret_is_there");
    if (settings.wait_before_exit.count() > 0)
        if (auto slept = co_await net::sleep_for(settings.wait_before_exit); !slept) co_return;
    found = true;
    loop.stop(0);
}

base::result<int> run() {
    VSECM_TRY(settings, begin_role<config::init_settings>("init"));
    net::runtime loop(1);
    VSECM_TRY(session, client::session::make(loop.loop(0), settings.identity, settings.client, client::self_kind::any));
    bool found = false;
    loop.spawn(0, "init", wait_and_stop(session, settings, loop, found));
    auto const status = loop.run();
    session.close();
    return status == 0 && !found ? stopped_by_signal : status;
}

}  // namespace

constexpr manual init_manual{
    .title = "vsecm init",
    .summary = "waits until this workload's secret exists, then exits 0",
    .usage = "vsecm init            (no arguments: everything is set by the environment)",
    .about = R"(Run it as an init container: the pod's other containers start when the secret is there. It is told by safe the moment
the secret is registered; a safe that cannot tell is asked every VSECM_INIT_CONTAINER_POLL_INTERVAL (5000 ms).
VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT adds a pause before the exit. It waits for ever; SIGTERM ends it (143).)",
    .variables = config::by_init,
};

int run_init(arguments args) { return run_framed("init", init_manual, args, run); }

}  // namespace vsecm
