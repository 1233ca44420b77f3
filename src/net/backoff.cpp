#include "net/backoff.hpp"

#include <algorithm>
#include <random>

namespace vsecm::net {

using std::chrono::milliseconds;

milliseconds longest_pause(backoff_policy const& policy, unsigned retry) noexcept {
    auto const first = std::max(policy.first, milliseconds{0});
    auto const cap = std::max(policy.cap, first);
    // Not-a-number and factors below 1 mean a constant pause. Doubles cannot overflow here: the loop ends at the cap.
    double const factor = policy.factor > 1.0 ? policy.factor : 1.0;
    double pause = static_cast<double>(first.count());
    double const most = static_cast<double>(cap.count());
    if (pause == 0.0 || factor == 1.0) return first;
    for (unsigned i = 0; i < retry && pause < most; ++i) pause *= factor;
    return pause < most ? milliseconds(static_cast<milliseconds::rep>(pause)) : cap;
}

milliseconds jittered_pause(backoff_policy const& policy, unsigned retry, std::uint64_t random) noexcept {
    auto const longest = longest_pause(policy, retry).count();
    // 53 random bits as a fraction of 1.
    double const fraction = static_cast<double>(random >> 11) * 0x1.0p-53;
    return milliseconds(std::min(static_cast<milliseconds::rep>(fraction * static_cast<double>(longest + 1)), longest));
}

std::optional<milliseconds> backoff::next() {
    // Tries made so far: the first one and `retry_` more.
    if (policy_.max_attempts && static_cast<long long>(retry_) + 1 >= std::max(*policy_.max_attempts, 1)) return {};
    thread_local std::mt19937_64 randomness{std::random_device{}()};  // jitter only: nothing secret depends on it
    auto const pause = jittered_pause(policy_, retry_, randomness());
    if (retry_ < 1'000'000) ++retry_;
    return pause;
}

}  // namespace vsecm::net
