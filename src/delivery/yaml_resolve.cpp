#include "delivery/yaml_resolve.hpp"

#include "base/secret_text.hpp"
#include "gotmpl/literal.hpp"

#include <algorithm>
#include <chrono>

namespace vsecm::delivery {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Reads a text from its beginning; what does not fit stays where it is.
class cursor {
public:
    explicit cursor(std::string_view text) noexcept : rest_(text) {}

    bool at_end() const noexcept { return rest_.empty(); }
    bool take(char c) noexcept { return take_one_of({&c, 1}); }
    bool take_one_of(std::string_view set) noexcept {
        if (rest_.empty() || !set.contains(rest_.front())) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // As many of the set as there are, at most `most`; how many.
    std::size_t take_all(std::string_view set, std::size_t most = std::string_view::npos) noexcept {
        std::size_t num = 0;
        while (num < most && take_one_of(set)) ++num;
        return num;
    }
    std::size_t take_digits(std::size_t most = std::string_view::npos) noexcept { return take_all("0123456789", most); }
    // A number of 1 or 2 digits (or of exactly 2), or -1.
    int take_small(std::size_t least = 1) noexcept {
        auto const before = rest_;
        auto const num = take_digits(2);
        if (num < least) return -1;
        return num == 2 ? (before[0] - '0') * 10 + (before[1] - '0') : before[0] - '0';
    }

private:
    std::string_view rest_;
};

constexpr std::string_view words[] = {
    "true", "True", "TRUE", "false", "False", "FALSE", "", "~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf",
    "+.INF", "-.inf", "-.Inf", "-.INF", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF",
};

// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
bool is_base_60(std::string_view text) noexcept {
    cursor at(text);
    at.take_one_of("+-");
    if (at.take_digits(1) == 0) return false;
    at.take_all("0123456789_");
    std::size_t num_groups = 0;
    for (; at.take(':'); ++num_groups) {
        bool const may_have_two = at.take_one_of("012345");
        if (at.take_digits(1) == 0 && !may_have_two) return false;
    }
    if (num_groups == 0) return false;
    if (at.take('.')) at.take_all("0123456789_");
    return at.at_end();
}

bool is_date(cursor& at, int year) noexcept {
    using namespace std::chrono;
    auto const m = at.take_small();
    if (!at.take('-')) return false;
    auto const d = at.take_small();
    return m >= 0 && d >= 0 && year_month_day(std::chrono::year(year), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))).ok();
}

bool is_time_of_day(cursor& at) noexcept {
    auto const h = at.take_small();
    if (h < 0 || h >= 24 || !at.take(':')) return false;
    auto const m = at.take_small();
    if (m < 0 || m >= 60 || !at.take(':')) return false;
    auto const s = at.take_small();
    if (s < 0 || s >= 60) return false;
    return !at.take_one_of(".,") || at.take_digits() > 0;
}

// A point without digits behind it belongs to nothing, so at.at_end() fails then too.
bool is_zone(cursor& at) noexcept {
    if (at.take('Z')) return true;
    if (!at.take_one_of("+-")) return false;
    auto const h = at.take_small(2);
    if (h < 0 || h > 24 || !at.take(':')) return false;
    auto const m = at.take_small(2);
    return m >= 0 && m <= 60;
}

// 2001-2-3, 2001-2-3 4:5:6.7, 2001-2-3T4:5:6.7Z, 2001-2-3t4:5:6.7+01:00
bool is_timestamp(std::string_view text) noexcept {
    cursor at(text);
    if (at.take_digits(4) != 4 || !at.take('-')) return false;
    int year = 0;
    for (char const c : text.substr(0, 4)) year = year * 10 + (c - '0');
    if (!is_date(at, year)) return false;
    if (at.at_end()) return true;
    if (at.take(' ')) return is_time_of_day(at) && at.at_end();
    return at.take_one_of("Tt") && is_time_of_day(at) && is_zone(at) && at.at_end();
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view text) noexcept {
    cursor at(text);
    at.take_one_of("+-");
    if (at.take_digits() > 0) {
        if (at.take('.')) at.take_digits();
    } else if (!at.take('.') || at.take_digits() == 0) {
        return false;
    }
    if (at.take_one_of("eE")) {
        at.take_one_of("+-");
        if (at.take_digits() == 0) return false;
    }
    return at.at_end();
}

// What fits into an int64, or without a sign into a uint64.
bool is_whole(std::string_view text) {
    auto const number = gotmpl::parse_whole(text);
    if (!number) return false;
    bool const is_signed = text.starts_with('+') || text.starts_with('-');
    return !is_signed || number->magnitude <= (std::uint64_t{1} << 63) - (number->negative ? 0 : 1);
}

// Binary and octal numbers may have their sign behind the prefix: 0b-101.
bool is_whole_with_late_sign(std::string_view text) {
    if (!(text.starts_with("0b") || text.starts_with("0o")) || text.size() < 4 || (text[2] != '-' && text[2] != '+')) return false;
    base::secret_text usual(text.substr(2, 1));
    usual.append(text.substr(0, 2));
    usual.append(text.substr(3));
    return is_whole(usual.view());
}

bool is_number(std::string_view text) {
    base::secret_text plain;
    plain.reserve(text.size());
    for (char const c : text)
        if (c != '_') plain.push_back(c);
    auto const digits = plain.view();
    return is_whole(digits) || is_whole_with_late_sign(digits) || (looks_like_float(digits) && gotmpl::parse_float(digits));
}

}  // namespace

bool reads_as_text(std::string_view text) {
    if (std::ranges::contains(words, text) || is_base_60(text)) return false;
    char const first = text.front();  // the empty text is one of the words
    if (first == '.') return !gotmpl::parse_float(text);
    if (first != '+' && first != '-' && !is_digit(first)) return true;
    return !is_timestamp(text) && !is_number(text);
}

}  // namespace vsecm::delivery
