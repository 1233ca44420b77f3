// Hex and base64, strict on decoding: a canonical text has exactly one byte string and the other way round. And text made
// safe to print.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <string>
#include <vector>

namespace vsecm::base {

// RFC 4648 section 4. Padded is what VSecM's API and files use; unpadded is what the age header uses.
enum class base64 { padded, unpadded };

std::string base64_encode(byte_view bytes, base64 kind = base64::padded);
void base64_append(secret_text& out, byte_view bytes, base64 kind = base64::padded);
// errc::invalid for a foreign character, wrong padding, white space or non-zero unused bits.
result<std::vector<std::uint8_t>> base64_decode(std::string_view text, base64 kind = base64::padded);
// Same, into wiping memory, for ciphertext or values on their way to be opened.
result<secret_text> base64_decode_secret(std::string_view text, base64 kind = base64::padded);

std::string hex_encode(byte_view bytes);  // lower case
// Accepts both cases; errc::invalid for odd length or a foreign character. `out.size()` must be text.size() / 2.
status hex_decode(std::string_view text, byte_span out);

// Somebody else's text on its way to a terminal: control characters, which could rewrite what is seen, become '?'.
std::string printable(std::string_view text);

}  // namespace vsecm::base
