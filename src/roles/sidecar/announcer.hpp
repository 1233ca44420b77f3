// Tells the workload that its files have changed: a signal, a command, or an HTTP call, whichever it was told to use.
#pragma once

#include "client/condition.hpp"
#include "config/settings.hpp"
#include "net/deadline.hpp"
#include "roles/sidecar/local_call.hpp"

#include <optional>

namespace vsecm::roles::sidecar {

// One loop. Changes that come while it is telling, or within the interval after it, are told once, together. What fails is
// logged once a reason and tried again, more and more slowly, until it succeeds; another change begins anew at once. The secret is
// nowhere in what is told: no argument, no variable, no body.
class announcer {
public:
    // errc::invalid, naming the variable.
    static base::result<announcer> make(net::executor loop, config::change_settings settings);

    bool tells_anybody() const noexcept { return settings_.how != config::change_settings::action::nothing; }
    void changed();               // never blocks
    net::awaitable<void> run();   // until stop(); must outlive it. A command under way is killed with it,
                                  // and what it started, as after the timeout
    void stop();

private:
    announcer(net::executor loop, config::change_settings settings, std::optional<local_url> url);
    net::awaitable<base::status> tell();
    base::status signal() const;
    net::awaitable<base::status> run_command() const;
    net::awaitable<void> pause(net::steady_clock::duration longest, bool for_all_of_it);

    config::change_settings settings_;
    std::optional<local_url> url_;
    net::timer wake_;
    client::condition state_;
    bool due_ = false, stopping_ = false;
};

}  // namespace vsecm::roles::sidecar
