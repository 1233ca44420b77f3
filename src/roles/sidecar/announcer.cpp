#include "roles/sidecar/announcer.hpp"

#include "base/child_process.hpp"
#include "base/env.hpp"
#include "base/process.hpp"
#include "base/try.hpp"
#include "roles/sidecar/signal_target.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace vsecm::roles::sidecar {
namespace {

using base::errc, base::fail;
using std::chrono::milliseconds;

std::vector<std::string> own_environment() {
    std::vector<std::string> pairs;
    auto const own = base::environment::of_process();
    for (auto const& [name, value] : own.all()) pairs.push_back(name + "=" + value);
    return pairs;
}

// What a command left behind becomes the child of process 1; where that is us, nobody else collects it.
void collect_orphans() {
    if (::getpid() != 1) return;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
}

}  // namespace

base::result<announcer> announcer::make(net::executor loop, config::change_settings settings, config::volume_settings const& volume, announcer_pace pace) {
    std::optional<local_url> url;
    if (settings.how == config::change_settings::action::call) {
        auto parsed = parse_local_url(settings.url);
        if (!parsed) return pass(std::move(parsed), "VSECM_SIDECAR_ON_CHANGE_URL");
        url = std::move(*parsed);
    }
    volume::reminder left(volume);
    return announcer(std::move(loop), std::move(settings), std::move(url), std::move(left), pace);
}

announcer::announcer(net::executor loop, config::change_settings settings, std::optional<local_url> url, volume::reminder left, announcer_pace pace)
    : settings_(std::move(settings)), url_(std::move(url)), reminder_(std::move(left)), pace_(pace), wake_(std::move(loop)) {}

void announcer::will_change() {
    auto const left = reminder_.leave();
    if (!left) reminding_.failing("reminder_not_left", left.error());
    else reminding_.well();
}

void announcer::has_not_changed() { reminder_.take_back(); }

void announcer::changed() {
    due_ = true;
    wake_.cancel();
}

void announcer::stop() {
    stopping_ = true;
    wake_.cancel();
}

// Ends early when stopped; and, unless all of it is wanted, at a change.
net::awaitable<void> announcer::pause(net::steady_clock::duration longest, bool for_all_of_it) {
    auto const end = net::steady_clock::now() + longest;
    while (!stopping_ && (for_all_of_it || !due_) && net::steady_clock::now() < end) {
        wake_.expires_at(end);
        co_await wake_.async_wait(net::as_result);
    }
}

base::status announcer::signal() const {
    if (!settings_.pid_file.empty()) {
        VSECM_TRY(process, read_pid_file(settings_.pid_file));
        return send_signal(process, settings_.signal);
    }
    VSECM_TRY(processes, find_processes("/proc", settings_.process_name));
    return send_signal_to_all(processes, settings_.signal);
}

net::awaitable<base::status> announcer::run_command() const {
    base::child_options options;
    options.argv = settings_.command;
    options.environment = own_environment();
    options.umask = base::inherited_umask();
    options.own_group = true;  // or each try that takes too long would leave what it started
    VSECM_CO_TRY(child, base::child_process::start(settings_.command.front(), options));
    auto const end = net::steady_clock::now() + settings_.timeout;
    // Looked at now and then: a command is rare, and neither a thread nor a signal handler has to be there for it.
    for (auto look = milliseconds{2};; look = std::min(look * 2, milliseconds{50})) {
        if (auto const status = child.ended()) {
            if (*status == 0) co_return base::status{};
            co_return fail(errc::denied, "{} ended with {}", settings_.command.front(), *status);
        }
        if (net::steady_clock::now() >= end) co_return fail(errc::timeout, "{} took longer than {} ms and was killed", settings_.command.front(), settings_.timeout.count());
        VSECM_CO_TRY_OK(co_await net::sleep_for(look));
    }
}

net::awaitable<base::status> announcer::tell() {
    switch (settings_.how) {
        case config::change_settings::action::signal: co_return signal();
        case config::change_settings::action::command: {
            auto done = co_await run_command();
            collect_orphans();
            co_return done;
        }
        case config::change_settings::action::call: co_return co_await post(*url_, settings_.timeout);
        case config::change_settings::action::nothing: break;
    }
    co_return base::status{};
}

// A signal that fails has reached nobody; a command that could not be started, or a call that was not taken, neither.
bool announcer::was_heard(base::error const& failure) const {
    return settings_.how != config::change_settings::action::signal && failure.code != errc::unavailable;
}

void announcer::find_reminder() {
    auto const num_finders = reminder_.find();
    if (!num_finders) return;
    if (*num_finders > pace_.most_heard && !due_) {
        base::log::error("change_given_up", {{"restarts", *num_finders}});
        reminder_.begin();
        reminder_.done();
        return;
    }
    base::log::info("change_still_due");
    due_ = true;
}

net::awaitable<void> announcer::run() {
    {
        auto const turn = co_await reminder_.turn();  // or without it, if somebody keeps it
        find_reminder();
    }
    net::backoff tries(pace_.retries);
    unsigned num_heard = 0;
    while (!stopping_) {
        if (!due_) {
            co_await pause(std::chrono::hours{24}, false);
            continue;
        }
        due_ = false;
        reminder_.begin();
        auto told = co_await tell();
        if (told) {
            reminder_.done();
            state_.well();
            tries.reset();
            num_heard = 0;
            base::log::info("change_told");
            co_await pause(settings_.interval, true);
            continue;
        }
        state_.failing("change_not_told", told.error());
        if (was_heard(told.error()) && ++num_heard >= pace_.most_heard) {
            base::log::error("change_given_up", {{"tries", num_heard}});
            reminder_.done();
            tries.reset();
            num_heard = 0;
            co_await pause(settings_.interval, true);
            continue;
        }
        co_await pause(pace_.least_pause, true);
        co_await pause(*tries.next(), false);
        if (due_) tries.reset(), num_heard = 0;
        due_ = true;
    }
}

}  // namespace vsecm::roles::sidecar
