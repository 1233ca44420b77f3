// ChaCha20-Poly1305 (RFC 8439), by libsodium. The mechanism only; what makes a nonce unique is the caller's design.
#pragma once

#include "base/bytes.hpp"

namespace vsecm::crypto {

inline constexpr std::size_t chacha_key_len = 32;
inline constexpr std::size_t chacha_nonce_len = 12;
inline constexpr std::size_t chacha_tag_len = 16;

// Writes ciphertext and tag to `out`, whose size must be plain.size() + chacha_tag_len. Thread-safe.
void chacha20_poly1305_seal(base::byte_view key, base::byte_view nonce, base::byte_view aad, base::byte_view plain,
                            base::byte_span out);

// Writes the plaintext to `out`, whose size must be sealed.size() - chacha_tag_len. False if the tag does not fit; then
// `out` is all zero. A `sealed` shorter than a tag is false. Thread-safe.
[[nodiscard]] bool chacha20_poly1305_open(base::byte_view key, base::byte_view nonce, base::byte_view aad,
                                          base::byte_view sealed, base::byte_span out);

}  // namespace vsecm::crypto
