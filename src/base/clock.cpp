#include "base/clock.hpp"

#include "base/try.hpp"

#include <algorithm>
#include <format>

namespace vsecm::base {
namespace {

class real_clock final : public clock {
public:
    system_time now() const noexcept override {
        return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    }
};

// Reads exactly `width` digits at the front of `text`.
result<int> digits(std::string_view& text, std::size_t width) {
    if (text.size() < width) return fail(errc::invalid, "the date is cut short");
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9') return fail(errc::invalid, "`{}` is not a digit", text[i]);
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return value;
}

status expect(std::string_view& text, char c) {
    if (!text.starts_with(c)) return fail(errc::invalid, "`{}` expected", c);
    text.remove_prefix(1);
    return {};
}

result<int> offset_seconds(std::string_view& text) {
    if (text.starts_with('Z')) {
        text.remove_prefix(1);
        return 0;
    }
    if (!text.starts_with('+') && !text.starts_with('-')) return fail(errc::invalid, "the time zone (`Z` or `+hh:mm`) is missing");
    int const sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    VSECM_TRY(hours, digits(text, 2));
    VSECM_TRY_OK(expect(text, ':'));
    VSECM_TRY(minutes, digits(text, 2));
    if (hours > 23 || minutes > 59) return fail(errc::invalid, "the time zone is out of range");
    return sign * (hours * 3600 + minutes * 60);
}

std::string print(system_time t, bool fraction) {
    if (t == never()) return fraction ? "9999-12-31T23:59:59.999999999Z" : "9999-12-31T23:59:59Z";
    auto const seconds = std::chrono::floor<std::chrono::seconds>(t);
    auto text = std::format("{:%FT%T}", seconds);
    if (auto const nanos = (t - seconds).count(); fraction && nanos != 0) {
        auto part = std::format(".{:09}", nanos);
        part.erase(part.find_last_not_of('0') + 1);
        text += part;
    }
    return text + "Z";
}

}  // namespace

clock const& system_clock() noexcept {
    static real_clock const instance;
    return instance;
}

result<system_time> parse_rfc3339(std::string_view text) {
    VSECM_TRY(year, digits(text, 4));
    VSECM_TRY_OK(expect(text, '-'));
    VSECM_TRY(month, digits(text, 2));
    VSECM_TRY_OK(expect(text, '-'));
    VSECM_TRY(day, digits(text, 2));
    VSECM_TRY_OK(expect(text, 'T'));
    VSECM_TRY(hour, digits(text, 2));
    VSECM_TRY_OK(expect(text, ':'));
    VSECM_TRY(minute, digits(text, 2));
    VSECM_TRY_OK(expect(text, ':'));
    VSECM_TRY(second, digits(text, 2));
    std::int64_t nanos = 0;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        std::int64_t unit = 100'000'000;
        if (text.empty() || text.front() < '0' || text.front() > '9') return fail(errc::invalid, "a digit must follow the point");
        for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), unit /= 10) nanos += (text.front() - '0') * unit;
    }
    VSECM_TRY(offset, offset_seconds(text));
    if (!text.empty()) return fail(errc::invalid, "unexpected text after the date");
    std::chrono::year_month_day const date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || year < 1 || hour > 23 || minute > 59 || second > 59) return fail(errc::invalid, "the date is out of range");
    auto const seconds = std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                         std::chrono::seconds{second - offset};
    std::chrono::seconds const least{-9'223'372'036};
    std::chrono::seconds const most{9'223'372'035};
    if (seconds > most) return never();
    return system_time{std::max(std::chrono::seconds{seconds}, least) + std::chrono::nanoseconds{nanos}};
}

std::string format_rfc3339(system_time t) { return print(t, false); }
std::string format_rfc3339_nano(system_time t) { return print(t, true); }

}  // namespace vsecm::base
