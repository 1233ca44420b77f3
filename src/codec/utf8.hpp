// UTF-8 as Go reads it: an invalid byte counts as one U+FFFD of length one.
#pragma once

#include <cstddef>
#include <string_view>

namespace vsecm::codec {

struct rune {
    char32_t code = 0;     // U+FFFD when invalid
    std::size_t len = 0;   // bytes consumed, 1 when invalid
    bool valid = false;
};

// Decodes the first code point of a text that is not empty. Overlong forms, surrogates and values above U+10FFFF are
// invalid.
rune decode_rune(std::string_view text) noexcept;
bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace vsecm::codec
