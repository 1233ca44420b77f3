// Tells the workload that its files have changed: a signal, a command, or an HTTP call, whichever it was told to use.
#pragma once

#include "client/condition.hpp"
#include "config/settings.hpp"
#include "net/backoff.hpp"
#include "net/deadline.hpp"
#include "roles/sidecar/local_call.hpp"
#include "volume/reminder.hpp"

#include <optional>

namespace vsecm::roles::sidecar {

// How it tries again.
struct announcer_pace {
    net::backoff_policy retries{.first = std::chrono::milliseconds{1'000}, .factor = 2.0, .cap = std::chrono::milliseconds{60'000}, .max_attempts = {}};
    std::chrono::milliseconds least_pause{100};
    unsigned most_heard = 10;  // tries of one change that were heard and yet failed
};

// One loop. Changes that come while it is telling, or within the interval after it, are told once, together. What fails is
// logged once a reason and tried again, more and more slowly: for ever if nobody heard it (no such process, nobody listens, 429), and ten
// times if a command ran, or a call was taken, and failed: what it does may be done all the same, a restart for one. Another change
// begins anew at once. The secret is nowhere in what is told: no argument, no variable, no body.
//
// From before a change until it is told, or given up, a reminder is on the volume. An announcer that finds one of an earlier
// process tells of it, and rather once too often than never; but ten processes that found it in vain are enough.
class announcer {
public:
    // errc::invalid, naming the variable.
    static base::result<announcer> make(net::executor loop, config::change_settings settings, config::volume_settings const& volume, announcer_pace pace = {});

    bool tells_anybody() const noexcept { return settings_.how != config::change_settings::action::nothing; }
    // The files are about to change; then they have, or they have not. Nothing else may run on the loop between the two.
    void will_change();
    void changed();
    void has_not_changed();
    net::awaitable<void> run();   // until stop(); must outlive it. A command under way is killed with it,
                                  // and what it started, as after the timeout
    void stop();

private:
    announcer(net::executor loop, config::change_settings settings, std::optional<local_url> url, volume::reminder left, announcer_pace pace);
    void find_reminder();
    net::awaitable<base::status> tell();
    base::status signal() const;
    net::awaitable<base::status> run_command() const;
    bool was_heard(base::error const& failure) const;
    net::awaitable<void> pause(net::steady_clock::duration longest, bool for_all_of_it);

    config::change_settings settings_;
    std::optional<local_url> url_;
    volume::reminder reminder_;
    announcer_pace pace_;
    net::timer wake_;
    client::condition state_, reminding_;
    bool due_ = false, stopping_ = false;
};

}  // namespace vsecm::roles::sidecar
