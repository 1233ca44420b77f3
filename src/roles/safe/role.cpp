#include "roles/safe/role.hpp"

#include "api/exit_status.hpp"
#include "base/log.hpp"
#include "role_frame.hpp"
#include "roles/safe/bootstrap.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

namespace vsecm {
namespace {

using base::errc, base::fail;

base::result<base::unique_fd> open_audit(std::string const& path) {
    if (path == "stdout" || path.empty()) return base::unique_fd{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)};
    if (path == "stderr") return base::unique_fd{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)};
    auto const* file = path == "off" ? "/dev/null" : path.c_str();
    // O_NONBLOCK: a named pipe without a reader is an error, not a start that never ends.
    base::unique_fd fd{::open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600)};
    if (!fd) return fail(errc::storage, "VSECM_SAFE_AUDIT_PATH: cannot open {}: {}", path, std::strerror(errno));
    return fd;
}

unsigned num_loops(unsigned wanted) { return wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency()); }

// Starts everything; what fails is told once and ends the process with its status.
net::awaitable<void> start(roles::safe::bootstrap& safe, net::runtime& loops) {
    auto started = co_await safe.start();
    if (started || loops.stopping()) co_return;
    base::log::write(base::log::level::fatal, "start_failed", {{"code", base::name_of(started.error().code)}, {"what", started.error().what}});
    auto const no_identity = started.error().code == errc::no_identity;
    loops.stop(api::to_int(no_identity ? api::exit_status::no_identity : api::exit_status::usage));
}

base::result<int> run() {
    VSECM_TRY(settings, begin_role<config::safe_settings>("safe"));
    VSECM_TRY(policy, spiffe::peer_policy::make(settings.identity.ids));
    VSECM_TRY(audit_fd, open_audit(settings.audit_path));
    roles::safe::audit_stream stream(std::move(audit_fd));
    roles::safe::journal audit(stream);
    net::runtime loops(num_loops(settings.threads));
    loops.set_grace(settings.shutdown_timeout);
    roles::safe::bootstrap safe(settings, policy, loops, audit);
    loops.spawn(0, "bootstrap", start(safe, loops));
    return loops.run();
}

}  // namespace

constexpr manual safe_manual{
    .title = "vsecm safe",
    .summary = "the server: keeps secrets, and gives each workload its own",
    .usage = "vsecm safe            (no arguments: everything is set by the environment)",
    .about = R"(It needs an identity from the SPIFFE Workload API (SPIFFE_ENDPOINT_SOCKET), a folder for its data
(VSECM_SAFE_DATA_PATH) and a root key: VSECM_ROOT_KEY_PATH names its file, made at the first start of an empty
data folder; with VSECM_ROOT_KEY_INPUT_MODE_MANUAL=true it waits for `safe -i -` instead.

It answers over mutual TLS on VSECM_SAFE_TLS_PORT (:8443), and says how it is on :8081 (alive) and :8082 (ready).
SIGTERM: not ready any more, answers what is in flight, writes what waits, exits 0.)",
    .examples = R"(vsecm dev --dir ./playground      a safe with everything around it, on this machine
vsecm help env                    every variable and its default)",
    .variables = config::by_safe,
};

int run_safe(arguments args) { return run_framed("safe", safe_manual, args, run); }

}  // namespace vsecm
