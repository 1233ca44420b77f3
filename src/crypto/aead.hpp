// ChaCha20-Poly1305 (RFC 8439) by libsodium, AES-256-GCM (NIST SP 800-38D) by OpenSSL. The mechanisms only; what makes a
// nonce unique is the caller's design. Both: key 32 bytes, nonce 12, tag 16. All functions are thread-safe.
#pragma once

#include "base/bytes.hpp"

namespace vsecm::crypto {

inline constexpr std::size_t aead_key_len = 32;
inline constexpr std::size_t aead_nonce_len = 12;
inline constexpr std::size_t aead_tag_len = 16;

// Writes ciphertext and tag to `out`, whose size must be plain.size() + aead_tag_len.
void chacha20_poly1305_seal(base::byte_view key, base::byte_view nonce, base::byte_view aad, base::byte_view plain,
                            base::byte_span out);
void aes_256_gcm_seal(base::byte_view key, base::byte_view nonce, base::byte_view aad, base::byte_view plain, base::byte_span out);

// Writes the plaintext to `out`, whose size must be sealed.size() - aead_tag_len. False if the tag does not fit; then
// `out` is all zero. A `sealed` shorter than a tag is false.
[[nodiscard]] bool chacha20_poly1305_open(base::byte_view key, base::byte_view nonce, base::byte_view aad,
                                          base::byte_view sealed, base::byte_span out);
[[nodiscard]] bool aes_256_gcm_open(base::byte_view key, base::byte_view nonce, base::byte_view aad, base::byte_view sealed,
                                    base::byte_span out);

}  // namespace vsecm::crypto
