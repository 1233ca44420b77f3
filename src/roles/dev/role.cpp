#include "roles/dev/role.hpp"

#include "base/file.hpp"
#include "role_frame.hpp"
#include "roles/dev/local_system.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include <charconv>
#include <cstdio>
#include <thread>

namespace vsecm {
namespace {

using namespace roles::dev;
using base::errc, base::fail;

// Two `vsecm dev` on one folder would fight over sockets and ports. Held until the process ends.
base::result<base::unique_fd> lock_folder(layout const& where) {
    base::unique_fd lock{::open(where.path("dev.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(errc::conflict, "another `vsecm dev` runs in this folder; give it a workload with `vsecm dev add`");
    return lock;
}

// Whoever runs here holds the lock. The number in dev.pid alone says nothing: after a crash it may be another program's.
bool somebody_runs(layout const& where) {
    base::unique_fd const lock{::open(where.path("dev.lock").c_str(), O_RDWR | O_CLOEXEC)};
    return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
}

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

base::result<int> serve(command asked) {
    auto const env = base::environment::of_process();
    std::vector<std::string> warnings;
    VSECM_TRY(logs, config::log_settings::load(env, warnings));
    begin_log("dev", logs, warnings);
    VSECM_TRY(where, layout::open(asked.folder));
    VSECM_TRY(lock, lock_folder(where));
    net::runtime loop(1);
    local_system system(loop, std::move(where), std::move(asked), inherited(env));
    loop.spawn(0, "dev", start(system, loop));
    return loop.run();
}

base::result<int> add(command const& asked) {
    auto const nobody = fail(errc::unavailable, "no `vsecm dev` runs in {}; start one with `vsecm dev --dir {}`", asked.folder, asked.folder);
    auto const text = base::read_file(asked.folder + "/dev.pid", 64);
    if (!text) return nobody;  // and no folder is made
    VSECM_TRY(where, layout::open(asked.folder));
    ::pid_t pid = 0;
    std::from_chars(text->view().data(), text->view().data() + text->size(), pid);
    if (pid <= 1 || !somebody_runs(where) || ::kill(pid, 0) != 0) return nobody;
    VSECM_TRY(listed, where.workloads());
    listed.insert(listed.end(), asked.workloads.begin(), asked.workloads.end());
    VSECM_TRY_OK(where.remember(listed));
    ::kill(pid, SIGHUP);
    for (auto const& who : asked.workloads) {
        auto const path = where.path("env/" + who.name);
        for (int tries = 0; !base::read_file(path, 1 << 16); ++tries) {
            if (tries == 1000) return fail(errc::timeout, "the running `vsecm dev` does not take up `{}`; its own output says why", who.name);
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        std::printf(". %s\n", path.c_str());
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
