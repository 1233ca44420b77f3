#include "gotmpl/unicode.hpp"

#include "codec/utf8.hpp"
#include "gotmpl/unicode_tables.hpp"

#include <algorithm>

namespace vsecm::gotmpl {
namespace {

// Inside a set, an odd number of edges has been passed.
template <std::size_t N>
bool is_between(std::array<char32_t, N> const& edges, char32_t code) noexcept {
    return (std::ranges::upper_bound(edges, code) - edges.begin()) % 2 == 1;
}

}  // namespace

bool is_word(char32_t code) noexcept { return code == '_' || is_between(word_edges, code); }

bool is_digit(char32_t code) noexcept { return is_between(digit_edges, code); }

bool is_letter(char32_t code) noexcept { return is_between(word_edges, code) && !is_digit(code); }

bool is_printable(char32_t code) noexcept {
    if (code < 0x80) return code >= ' ' && code < 0x7F;
    return is_between(printable_edges, code);
}

bool is_white_space(char32_t code) noexcept {
    constexpr std::u32string_view others = U"\u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000";
    return (code >= '\t' && code <= '\r') || code == ' ' || (code >= 0x2000 && code <= 0x200A) || others.contains(code);
}

std::size_t count_runes(std::string_view text) noexcept {
    std::size_t num = 0;
    for (; !text.empty(); ++num) text.remove_prefix(codec::decode_rune(text).len);
    return num;
}

std::string_view first_runes(std::string_view text, std::size_t num) noexcept {
    std::size_t len = 0;
    for (; num > 0 && len < text.size(); --num) len += codec::decode_rune(text.substr(len)).len;
    return text.substr(0, len);
}

utf8_bytes::utf8_bytes(char32_t code) noexcept {
    if (!is_code_point(code)) code = 0xFFFD;
    auto const add = [&](char32_t byte) { bytes_[len_++] = static_cast<char>(byte); };
    auto const add_rest = [&](unsigned shift) { add(0x80 | (code >> shift & 0x3F)); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xC0 | code >> 6);
        add_rest(0);
    } else if (code < 0x10000) {
        add(0xE0 | code >> 12);
        add_rest(6);
        add_rest(0);
    } else {
        add(0xF0 | code >> 18);
        add_rest(12);
        add_rest(6);
        add_rest(0);
    }
}

}  // namespace vsecm::gotmpl
