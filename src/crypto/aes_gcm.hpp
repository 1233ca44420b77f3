// AES-256-GCM (NIST SP 800-38D) in one piece, in the container that store files and exports of AES mode use.
// The exact bytes: docs/record-format.md, "AES-256-GCM container".
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <vector>

namespace vsecm::crypto {

inline constexpr std::size_t aes_key_len = 32;
// What a container adds to its plaintext: 8 bytes of magic and version, 12 of nonce, 16 of tag.
inline constexpr std::size_t aes_gcm_overhead = 8 + 12 + 16;

// True if the bytes begin with the container's magic, of whatever version.
bool is_aes_gcm(base::byte_view bytes) noexcept;

// Seals under a fresh random nonce; one key is good for 2^32 calls. `key` is 32 bytes. Thread-safe.
std::vector<std::uint8_t> aes_gcm_seal(base::byte_view key, base::byte_view plain);

// errc::corrupt if it is not a container, cut short, or of an unknown version; errc::no_match if the tag does not fit:
// another key or changed bytes, which AES-GCM cannot tell apart. Thread-safe.
base::result<base::secret_text> aes_gcm_open(base::byte_view key, base::byte_view container);

}  // namespace vsecm::crypto
