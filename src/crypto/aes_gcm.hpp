// The container that store files and exports of AES mode use: AES-256-GCM in one piece.
// The exact bytes: docs/record-format.md, "AES-256-GCM container".
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <array>
#include <vector>

namespace vsecm::crypto {

// What a container adds to its plaintext: magic 7, version 1, key id 4, nonce 12, tag 16.
inline constexpr std::size_t aes_gcm_overhead = 7 + 1 + 4 + 12 + 16;

// Names a key without telling anything about it: the first bytes of an HMAC under it. With it in the container, "another
// key" and "damaged" are different answers.
using aes_key_id = std::array<std::uint8_t, 4>;
aes_key_id aes_gcm_key_id(base::byte_view key);

// True if the bytes begin with the container's magic, of whatever version.
bool is_aes_gcm(base::byte_view bytes) noexcept;

// Seals under a fresh random nonce; one key is good for 2^32 calls. `key` is 32 bytes. Thread-safe.
std::vector<std::uint8_t> aes_gcm_seal(base::byte_view key, base::byte_view plain);

// errc::no_match if sealed under another key; errc::corrupt if not a container, cut short or changed; errc::unsupported
// for a version this program does not know. Thread-safe.
base::result<base::secret_text> aes_gcm_open(base::byte_view key, base::byte_view container);

}  // namespace vsecm::crypto
