// Follows a workload's own secret: pushed by a safe that can push, polled from one that cannot.
#pragma once

#include "client/safe_client.hpp"
#include "net/backoff.hpp"

#include <functional>
#include <optional>

namespace vsecm::client {

struct poll_options {
    std::chrono::milliseconds interval{20'000};      // between polls of a safe that cannot push
    std::chrono::milliseconds max_interval{300'000};  // longest pause after failures
    std::chrono::seconds wait{50};                    // how long a request may be held
    // Safe answered, and there is no news; may be empty. True: what was given is lost, and next() is to give it again.
    std::function<bool()> on_unchanged;
};

// One loop. next() never ends by itself but with a change; failures are told to the caller, who decides whether to go on
// by calling again: the pause that follows a failure is inside the next call. The first request after one is not held.
class poller {
public:
    poller(safe_client& safe, poll_options options) noexcept;

    // The first call returns what is there now; each later one what it has become, once it has changed. An error is one failed
    // attempt (errc as in safe_client); `absent` counts as a state of its own and is reported once.
    net::awaitable<base::result<fetched>> next();

    // Whether what next() gave last was no news, but asked for by on_unchanged.
    bool repeats() const noexcept { return repeats_; }
    // Whether safe holds requests open for us (it sent an ETag).
    bool pushed() const noexcept { return !etag_.empty(); }

private:
    std::chrono::milliseconds pause_after_failure();
    bool is_news(fetched const& found);

    safe_client& safe_;
    poll_options options_;
    net::backoff retries_;
    std::string etag_;
    // What was delivered last, for a safe without ETags: a digest of the data, or the kind of absence.
    std::optional<std::string> last_;
    bool is_lost_ = false, repeats_ = false, is_away_ = false, was_idle_ = false;
    std::optional<std::chrono::milliseconds> pause_;  // before the next attempt
};

}  // namespace vsecm::client
