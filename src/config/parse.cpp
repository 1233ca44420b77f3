#include "config/parse.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace vsecm::config {

using std::chrono::milliseconds;

namespace {

// The whole text as digits; nothing on anything else, or when it does not fit.
template <class T>
std::optional<T> whole(std::string_view text, int base = 10) noexcept {
    T value{};
    auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view space = " \t\r\n\v\f";
    auto const first = text.find_first_not_of(space);
    return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(space) - first + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view lower) noexcept {
    return std::ranges::equal(a, lower, [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y; });
}

struct suffix {
    std::string_view word;
    std::uint64_t factor;
};

// Digits and one of the suffixes; the empty one, where listed, must come last.
template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, suffix const (&suffixes)[N], std::uint64_t most) noexcept {
    for (auto const& s : suffixes) {
        if (!text.ends_with(s.word)) continue;
        auto const digits = whole<std::uint64_t>(text.substr(0, text.size() - s.word.size()));
        if (!digits || *digits > most / s.factor) return std::nullopt;
        return *digits * s.factor;
    }
    return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_original_ms(std::string_view text) noexcept {
    auto const value = parse_int(text);
    if (!value || *value < std::numeric_limits<std::int32_t>::min() || *value > std::numeric_limits<std::int32_t>::max())
        return std::nullopt;
    return milliseconds{*value};
}

std::optional<milliseconds> parse_duration(std::string_view text) noexcept {
    constexpr suffix units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"", 1}};
    constexpr std::uint64_t ten_years = 3650ull * 24 * 3'600'000;
    auto const value = scaled(text, units, ten_years);
    if (!value) return std::nullopt;
    return milliseconds{static_cast<std::int64_t>(*value)};
}

bool parse_original_bool(std::string_view text) noexcept { return equal_ignoring_case(trimmed(text), "true"); }

std::optional<bool> parse_bool(std::string_view text) noexcept {
    for (std::string_view const yes : {"true", "1", "yes", "on"})
        if (equal_ignoring_case(trimmed(text), yes)) return true;
    for (std::string_view const no : {"false", "0", "no", "off"})
        if (equal_ignoring_case(trimmed(text), no)) return false;
    return std::nullopt;
}

std::optional<std::int64_t> parse_int(std::string_view text) noexcept {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    return whole<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept {
    constexpr suffix units[] = {{"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}, {"", 1}};
    return scaled(text, units, 1ull << 40);
}

std::optional<std::uint32_t> parse_octal_mode(std::string_view text) noexcept {
    auto const mode = whole<std::uint32_t>(text, 8);
    if (!mode || *mode > 0777) return std::nullopt;
    return mode;
}

std::optional<owner_numbers> parse_owner(std::string_view text) noexcept {
    constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();  // means "as it is" to the kernel
    auto const part = [](std::string_view digits, std::optional<std::uint32_t>& into) {
        into = whole<std::uint32_t>(digits);
        return digits.empty() || (into && *into != nobody);
    };
    owner_numbers found;
    auto const colon = text.find(':');
    bool const good = part(text.substr(0, colon), found.first) && (colon == text.npos || part(text.substr(colon + 1), found.second));
    return good && (found.first || found.second) ? std::optional(found) : std::nullopt;
}

std::optional<int> parse_signal(std::string_view text) noexcept {
    struct named {
        std::string_view name;
        int number;
    };
    constexpr named signals[] = {{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
                                 {"TERM", SIGTERM}, {"KILL", SIGKILL}, {"CONT", SIGCONT}, {"WINCH", SIGWINCH}};
    if (text.starts_with("SIG")) text.remove_prefix(3);
    auto const found = std::ranges::find(signals, text, &named::name);
    return found == std::end(signals) ? std::nullopt : std::optional(found->number);
}

bool is_address(std::string_view text) noexcept {
    auto const colon = text.rfind(':');
    if (colon == text.npos || !whole<std::uint16_t>(text.substr(colon + 1))) return false;
    auto const host = text.substr(0, colon);
    if (host.starts_with('[')) return host.size() > 2 && host.ends_with(']');
    return host.find_first_of(":[]/ ") == host.npos;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            std::size_t const replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace vsecm::config
