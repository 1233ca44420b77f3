// A number that only grows: written by one thread, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace vsecm::metrics {

// With one writer (or several that take turns by other means) an increment needs no locked instruction. A reader sees a value
// that was true a moment ago; two tallies read one after the other need not fit together.
class tally {
public:
    void add(std::uint64_t n = 1) noexcept { value_.store(value() + n, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace vsecm::metrics
