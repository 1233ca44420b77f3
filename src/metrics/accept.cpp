#include "metrics/accept.hpp"

#include <optional>

namespace vsecm::metrics {
namespace {

constexpr std::string_view spaces = " \t";

std::string_view trimmed(std::string_view text) {
    auto const first = text.find_first_not_of(spaces);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

// Takes what comes before `separator` away from `rest`.
std::string_view take_part(std::string_view& rest, char separator) {
    auto const at = rest.find(separator);
    auto const part = trimmed(rest.substr(0, at));
    rest = at == rest.npos ? std::string_view{} : rest.substr(at + 1);
    return part;
}

bool same_word(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
    }
    return true;
}

// In thousandths: "0.5" is 500. Nothing for what is no quality: more than 1, or more than three digits.
std::optional<unsigned> quality(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) return std::nullopt;
    auto value = text[0] == '1' ? 1000U : 0U;
    unsigned place = 100;
    for (char const c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (c < '0' || c > '9') return std::nullopt;
        value += place * static_cast<unsigned>(c - '0');
        place /= 10;
    }
    if (value > 1000) return std::nullopt;
    return value;
}

// One range of the header: what it names, and how much it is wanted.
struct wanted {
    std::string_view type, version;
    std::optional<unsigned> q = 1000;
};

wanted parse_range(std::string_view range) {
    wanted found;
    found.type = take_part(range, ';');
    while (!range.empty()) {
        auto value = take_part(range, ';');
        auto const name = take_part(value, '=');
        value = trimmed(value);
        if (same_word(name, "q")) {
            found.q = quality(value);
        } else if (same_word(name, "version")) {
            if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
            found.version = value;
        }
    }
    return found;
}

}  // namespace

format format_for(std::string_view accept) noexcept {
    unsigned openmetrics = 0;
    std::optional<unsigned> text, any_text, anything;  // the more exact range decides, not the better wanted one
    auto const raise = [](std::optional<unsigned>& to, unsigned q) { to = std::max(to.value_or(0), q); };
    while (!accept.empty()) {
        auto const range = parse_range(take_part(accept, ','));
        if (!range.q) continue;
        if (same_word(range.type, "application/openmetrics-text")) {
            if (range.version.empty() || range.version == "1.0.0") openmetrics = std::max(openmetrics, *range.q);
        } else if (same_word(range.type, "text/plain")) {
            raise(text, *range.q);
        } else if (range.type == "text/*") {
            raise(any_text, *range.q);
        } else if (range.type == "*/*") {
            raise(anything, *range.q);
        }
    }
    auto const for_text = text ? *text : any_text ? *any_text : anything.value_or(0);
    return openmetrics > for_text ? format::openmetrics : format::text;
}

}  // namespace vsecm::metrics
