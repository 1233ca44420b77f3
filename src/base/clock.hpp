// Injectable time. Rooms that decide by the calendar take a clock&; tests hand in a manual_clock.
#pragma once

#include "base/result.hpp"

#include <atomic>
#include <chrono>
#include <string>

namespace vsecm::base {

using system_time = std::chrono::sys_time<std::chrono::nanoseconds>;

class clock {
public:
    virtual ~clock() = default;
    virtual system_time now() const noexcept = 0;  // thread-safe
};

clock const& system_clock() noexcept;

class manual_clock final : public clock {
public:
    explicit manual_clock(system_time start) noexcept : nanos_(start.time_since_epoch().count()) {}
    system_time now() const noexcept override { return system_time{std::chrono::nanoseconds{nanos_.load()}}; }
    void advance(std::chrono::nanoseconds by) noexcept { nanos_ += by.count(); }

private:
    std::atomic<std::int64_t> nanos_;
};

// RFC 3339 as Go reads it: "2006-01-02T15:04:05[.frac](Z|±hh:mm)". errc::invalid with what is wrong.
// Years 0001..9999; beyond what nanoseconds since 1970 can hold (1677..2262) the value is clamped, so "9999-12-31…"
// reads as never().
result<system_time> parse_rfc3339(std::string_view text);
// "2024-01-02T15:04:05Z"; never() prints as 9999-12-31T23:59:59Z.
std::string format_rfc3339(system_time t);
// With fractional seconds, trailing zeros dropped, as Go's RFC3339Nano; never() prints as 9999-12-31T23:59:59.999999999Z.
std::string format_rfc3339_nano(system_time t);
// The largest representable instant: "does not expire".
constexpr system_time never() noexcept { return system_time::max(); }

}  // namespace vsecm::base
