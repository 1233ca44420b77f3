#include "roles/dev/role.hpp"

#include "base/file.hpp"
#include "role_frame.hpp"
#include "roles/dev/local_system.hpp"
#include "roles/dev/runner.hpp"

#include <signal.h>

#include <csignal>
#include <cstdio>
#include <thread>

namespace vsecm {
namespace {

using namespace roles::dev;
using base::errc, base::fail;

constexpr auto lock_name = "dev.lock";
constexpr std::chrono::seconds longest_start{20};  // a little more than safe is given

// What the user set for safe goes on to it: every variable of ours.
std::vector<std::string> inherited(base::environment const& env) {
    std::vector<std::string> pairs;
    for (auto const& [name, value] : env.all())
        if (name.starts_with("VSECM_")) pairs.push_back(name + "=" + value);
    return pairs;
}

net::awaitable<void> start(local_system& system, net::runtime& loop) {
    auto started = co_await system.start();
    if (started || loop.stopping()) co_return;
    loop.stop(tell_failure("dev", started.error()));
}

// Until the process ends: the lock still names it, and the handler is about to go.
void ignore_additions() {
    ::sigset_t additions;
    ::sigemptyset(&additions);
    ::sigaddset(&additions, SIGHUP);
    ::sigprocmask(SIG_BLOCK, &additions, nullptr);
}

base::result<int> serve(command asked) {
    auto const env = base::environment::of_process();
    std::vector<std::string> warnings;
    VSECM_TRY(logs, config::log_settings::load(env, warnings));
    begin_log("dev", logs, warnings);
    VSECM_TRY(where, layout::open(asked.folder));
    // From the lock on `dev add` sends SIGHUP. Until there is a handler it need not be heard: the list is read later.
    std::signal(SIGHUP, SIG_IGN);
    VSECM_TRY(lock, become_runner(where.path(lock_name)));
    VSECM_TRY_OK(where.remove_envs());  // `dev add` waits for ours
    net::runtime loop(1);
    local_system system(loop, std::move(where), std::move(asked), inherited(env));
    loop.spawn(0, "dev", start(system, loop));
    auto const status = loop.run();
    ignore_additions();
    return status;
}

// The running one writes it when it serves that identity, at the latest when it has started.
base::status wait_until_served(layout const& where, std::string const& name) {
    auto const until = std::chrono::steady_clock::now() + longest_start;
    while (!base::read_file(where.path("env/" + name), 1 << 16)) {
        if (runner_of(where.path(lock_name)) == 0) return fail(errc::unavailable, "the `vsecm dev` that ran there has ended; the next one will serve `{}`", name);
        if (std::chrono::steady_clock::now() > until) return fail(errc::timeout, "the running `vsecm dev` does not take up `{}`; its own output says why", name);
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return {};
}

base::result<int> add(command const& asked) {
    auto const nobody = fail(errc::unavailable, "no `vsecm dev` runs in {}; start one with `vsecm dev --dir {}`", asked.folder, asked.folder);
    if (runner_of(asked.folder + "/" + lock_name) == 0) return nobody;  // and no folder is made
    VSECM_TRY(where, layout::open(asked.folder));
    for (auto const& who : asked.workloads) VSECM_TRY_OK(where.check_socket_of(who.name));
    VSECM_TRY_OK(where.enlist(asked.workloads));
    auto const pid = runner_of(where.path(lock_name));
    if (pid == 0 || ::kill(pid, SIGHUP) != 0) return nobody;
    for (auto const& who : asked.workloads) {
        VSECM_TRY_OK(wait_until_served(where, who.name));
        std::printf(". %s\n", where.path("env/" + who.name).c_str());
    }
    return 0;
}

}  // namespace

int run_dev(arguments args) {
    auto asked = parse_command_line(args);
    if (!asked) {
        asked.error().what += " (Type `vsecm dev --help` for help.)";
        return tell_failure("dev", asked.error());
    }
    if (asked->what == command::kind::help) return print_answer(help_text(dev_manual));
    auto ended = asked->what == command::kind::add ? add(*asked) : serve(*std::move(asked));
    return ended ? *ended : tell_failure("dev", ended.error());
}

}  // namespace vsecm
