#include "codec/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace vsecm::codec {

rune decode_rune(std::string_view text) noexcept {
    constexpr rune invalid{0xFFFD, 1, false};
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto const continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };

    unsigned const lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    if (lead < 0xC2 || lead > 0xF4 || !continues(1)) return invalid;
    char32_t const first = byte(1) & 0x3Fu;
    if (lead < 0xE0) return {(lead & 0x1Fu) << 6 | first, 2, true};
    if (!continues(2)) return invalid;
    char32_t const second = byte(2) & 0x3Fu;
    if (lead < 0xF0) {
        char32_t const code = (lead & 0x0Fu) << 12 | first << 6 | second;
        if (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF)) return invalid;
        return {code, 3, true};
    }
    if (!continues(3)) return invalid;
    char32_t const code = (lead & 0x07u) << 18 | first << 12 | second << 6 | (byte(3) & 0x3Fu);
    if (code < 0x10000 || code > 0x10FFFF) return invalid;
    return {code, 4, true};
}

bool is_valid_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        // Eight ASCII bytes at a time: nearly everything is.
        if (text.size() >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data(), 8);
            if ((word & 0x8080808080808080u) == 0) {
                text.remove_prefix(8);
                continue;
            }
        }
        auto const r = decode_rune(text);
        if (!r.valid) return false;
        text.remove_prefix(r.len);
    }
    return true;
}

}  // namespace vsecm::codec
