// Code points: the classes Go asks for, and UTF-8 the other way round. Decoding is codec/utf8.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace vsecm::gotmpl {

bool is_word(char32_t code) noexcept;         // letter, digit or underscore: what an identifier is made of
bool is_letter(char32_t code) noexcept;       // unicode.IsLetter
bool is_digit(char32_t code) noexcept;        // unicode.IsDigit: of any script
bool is_printable(char32_t code) noexcept;    // unicode.IsPrint: of all white space only the ASCII space
bool is_white_space(char32_t code) noexcept;  // unicode.IsSpace
constexpr bool is_code_point(char32_t code) noexcept { return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF); }

std::size_t count_runes(std::string_view text) noexcept;  // an invalid byte counts as one
// The first `num` runes of a text, or all of it.
std::string_view first_runes(std::string_view text, std::size_t num) noexcept;

// One code point as UTF-8; U+FFFD for what is none.
class utf8_bytes {
public:
    explicit utf8_bytes(char32_t code) noexcept;
    std::string_view view() const noexcept { return {bytes_.data(), len_}; }

private:
    std::array<char, 4> bytes_;
    std::size_t len_ = 0;
};

}  // namespace vsecm::gotmpl
