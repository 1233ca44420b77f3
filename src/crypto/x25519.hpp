// X25519 (RFC 7748), by libsodium.
#pragma once

#include "base/bytes.hpp"

namespace vsecm::crypto {

inline constexpr std::size_t x25519_len = 32;  // scalars and points alike

// The public point of a secret scalar. All arguments are 32 bytes. Thread-safe.
void x25519_public(base::byte_view secret, base::byte_span point);

// The shared secret. False if it is all zero (the peer's point has low order): then the exchange must be abandoned.
[[nodiscard]] bool x25519_shared(base::byte_view secret, base::byte_view point, base::byte_span shared);

}  // namespace vsecm::crypto
