// The one retry policy: exponential, capped, with full jitter. A pure function of its inputs, and an iterator over it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace vsecm::net {

// Any value is safe: a negative or zero delay means no pause, a factor below 1 means 1, a cap below the first delay
// means the first delay is the cap. `max_attempts` counts tries, the first included; zero or negative still means one
// try (the original skipped the operation and reported success).
struct backoff_policy {
    std::chrono::milliseconds first{100};
    double factor = 2.0;
    std::chrono::milliseconds cap{30'000};
    std::optional<int> max_attempts;  // none: for ever
};

// The longest pause before retry number `retry` (0 = before the second try).
std::chrono::milliseconds longest_pause(backoff_policy const& policy, unsigned retry) noexcept;
// A pause for that retry: `random` (uniform over all values) scaled into [0, longest_pause].
std::chrono::milliseconds jittered_pause(backoff_policy const& policy, unsigned retry, std::uint64_t random) noexcept;

// for (backoff tries(policy);;) { …try…; auto pause = tries.next(); if (!pause) return error; co_await sleep_for(*pause); }
class backoff {
public:
    explicit backoff(backoff_policy policy) noexcept : policy_(policy) {}
    // How long to wait before the next try; nothing when there is none left. Never sleeps after the last try.
    std::optional<std::chrono::milliseconds> next();
    void reset() noexcept { retry_ = 0; }  // after a success

private:
    backoff_policy policy_;
    unsigned retry_ = 0;
};

}  // namespace vsecm::net
