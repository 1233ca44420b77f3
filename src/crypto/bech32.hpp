// Bech32 (BIP-173, the original checksum, not bech32m) as age uses it: 8-bit payloads, no 90-character limit.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <string>

namespace vsecm::crypto {

struct bech32_text {
    std::string hrp;          // as written: the case tells identities from recipients
    base::secret_text bytes;  // wiping, because for an identity these are the key
};

// All upper case if `hrp` is upper case, else all lower. `hrp` must be printable characters of one case, not empty.
base::secret_text bech32_encode(std::string_view hrp, base::byte_view bytes);

// errc::invalid for mixed case, foreign characters, a wrong checksum, non-zero or excess padding bits, an empty prefix,
// or more than 4096 characters. The error never quotes the text. Thread-safe.
base::result<bech32_text> bech32_decode(std::string_view text);

}  // namespace vsecm::crypto
