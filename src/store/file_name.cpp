#include "store/file_name.hpp"

#include "api/secret.hpp"

#include <charconv>
#include <format>

namespace vsecm::store {
namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::uint64_t> whole_number(std::string_view digits) {
    std::uint64_t n = 0;
    auto const [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    if (code != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return n;
}

}  // namespace

std::optional<std::string> decode_stem(std::string_view stem) {
    std::string name;
    name.reserve(stem.size());
    for (std::size_t i = 0; i < stem.size(); ++i) {
        if (stem[i] != '%') {
            name += stem[i];
            continue;
        }
        if (i + 2 >= stem.size()) return std::nullopt;
        int const high = hex_digit(stem[i + 1]);
        int const low = hex_digit(stem[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        name += static_cast<char>(high * 16 + low);
        i += 2;
    }
    if (name.empty() || api::encode_name(name) != stem) return std::nullopt;
    return name;
}

std::optional<std::string_view> stem_of(std::string_view file) {
    if (!file.ends_with(record_suffix) || file.size() == record_suffix.size()) return std::nullopt;
    return file.substr(0, file.size() - record_suffix.size());
}

std::optional<std::string_view> original_backup_of(std::string_view file) {
    constexpr std::string_view tail = "-.age.backup";
    if (!file.ends_with(tail)) return std::nullopt;
    file.remove_suffix(tail.size());
    auto const dash = file.rfind('-');
    if (dash == std::string_view::npos || dash == 0 || !whole_number(file.substr(dash + 1))) return std::nullopt;
    return file.substr(0, dash);
}

// The original's records may begin like ours of a write under way, but end otherwise.
bool is_temporary(std::string_view file) { return file.starts_with(temporary_prefix) && !stem_of(file) && !original_backup_of(file); }
bool is_manifest(std::string_view file) { return file.starts_with(manifest_prefix) && !stem_of(file) && !original_backup_of(file); }

std::string history_file(std::string_view stem, std::uint64_t version) {
    return std::format("{}.{}{}", stem, version, record_suffix);
}

std::optional<history_entry> parse_history_file(std::string_view file) {
    auto const whole = stem_of(file);
    if (!whole) return std::nullopt;
    auto const dot = whole->rfind('.');
    if (dot == std::string_view::npos || dot == 0) return std::nullopt;
    auto const version = whole_number(whole->substr(dot + 1));
    if (!version) return std::nullopt;
    return history_entry{whole->substr(0, dot), *version};
}

}  // namespace vsecm::store
