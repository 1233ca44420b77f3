#include "base/clock.hpp"

#include "base/try.hpp"

#include <algorithm>
#include <format>
#include <span>

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

// `value` in decimal, padded with zeros to fill `to`.
void put_digits(std::span<char> to, std::int64_t value) {
    for (auto at = to.size(); at > 0; value /= 10) to[--at] = static_cast<char>('0' + value % 10);
}

// By hand, because every answer and every audit line holds dates: std::format takes ten times as long.
std::string print(system_time t, bool fraction) {
    if (t == never()) return fraction ? "9999-12-31T23:59:59.999999999Z" : "9999-12-31T23:59:59Z";
    auto const seconds = std::chrono::floor<std::chrono::seconds>(t);
    auto const day = std::chrono::floor<std::chrono::days>(seconds);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const time{seconds - day};
    char text[] = "0000-00-00T00:00:00.000000000Z";
    auto const put = [&](std::size_t at, std::size_t len, std::int64_t value) { put_digits(std::span(text).subspan(at, len), value); };
    put(0, 4, int{date.year()});
    put(5, 2, unsigned{date.month()});
    put(8, 2, unsigned{date.day()});
    put(11, 2, time.hours().count());
    put(14, 2, time.minutes().count());
    put(17, 2, time.seconds().count());
    std::size_t len = 19;
    if (auto const nanos = (t - seconds).count(); fraction && nanos != 0) {
        put(20, 9, nanos);
        for (len = 29; text[len - 1] == '0'; --len) {}
    }
    text[len++] = 'Z';
    return {text, len};
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
