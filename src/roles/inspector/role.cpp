#include "roles/inspector/role.hpp"

#include "base/file.hpp"
#include "client/waiting.hpp"
#include "role_frame.hpp"

#include <signal.h>
#include <unistd.h>

namespace vsecm {
namespace {

constexpr base::option_row options[] = {
    {'\0', "idle", base::option_kind::flag, 0, "", "see above"},
};

int idle() {
    ::sigset_t ends;
    ::sigemptyset(&ends);
    ::sigaddset(&ends, SIGTERM);
    ::sigaddset(&ends, SIGINT);
    ::sigprocmask(SIG_BLOCK, &ends, nullptr);
    int number = 0;
    ::sigwait(&ends, &number);
    return 0;
}

base::status show(client::fetched const& found) {
    if (found.what != client::fetched::kind::value) return std::unexpected(client::no_secret(found.why));
    VSECM_TRY_OK(base::write_all(STDOUT_FILENO, found.content.data.bytes(), "standard output"));
    return base::write_all(STDOUT_FILENO, base::as_bytes("\n"), "standard output");
}

int fetched_status(base::result<client::fetched> const& found) {
    if (!found) {
        tell_failure("inspector", found.error());
        return api::to_int(client::exit_status_of_call(found.error().code));
    }
    auto const shown = show(*found);
    return shown ? 0 : tell_failure("inspector", shown.error());
}

base::result<int> run() {
    VSECM_TRY(settings, begin_role<config::inspector_settings>("inspector"));
    net::asio::io_context loop(1);
    VSECM_TRY(session, client::session::make(loop.get_executor(), settings.identity, settings.client, client::self_kind::any));
    int status = 1;
    net::asio::co_spawn(loop, client::fetch_once(session), [&](std::exception_ptr thrown, base::result<client::fetched> found) {
        status = thrown ? tell_failure("inspector", {base::errc::internal, "the fetch ended in an exception"}) : fetched_status(found);
        loop.stop();
    });
    loop.run();
    return status;
}

}  // namespace

constexpr manual inspector_manual{
    .title = "vsecm inspector",
    .summary = "what would this workload see?",
    .usage = R"(vsecm inspector            fetches once with this process's identity and prints the secret
vsecm inspector --idle     does nothing until it is stopped: keeps a pod alive to run the above in)",
    .options = options,
    .examples = R"(kubectl exec $INSPECTOR -- ./env
. ./playground/env/billing; vsecm inspector)",
    .exit_status = R"(0 printed; 6 there is no secret for this identity (nothing on standard output); 4 no identity;
5 safe could not be reached; 2 safe refused; 3 safe is sealed)",
    .variables = config::by_inspector,
};

int run_inspector(arguments args) {
    if (args.size() == 1 && args[0] == "--idle") return idle();
    return run_framed("inspector", inspector_manual, args, run);
}

}  // namespace vsecm
