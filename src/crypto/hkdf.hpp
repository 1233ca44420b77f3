// SHA-256, HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869), by OpenSSL. All functions are thread-safe.
#pragma once

#include "base/bytes.hpp"

#include <array>

namespace vsecm::crypto {

using digest256 = std::array<std::uint8_t, 32>;

digest256 sha256(base::byte_view data);
digest256 hmac_sha256(base::byte_view key, base::byte_view data);

// RFC 5869 extract and expand in one. An empty salt is the standard's default (32 zero bytes). `out` must not exceed
// 255 * 32 bytes. `out` is key material: the caller wipes it.
void hkdf_sha256(base::byte_view ikm, base::byte_view salt, base::byte_view info, base::byte_span out);

}  // namespace vsecm::crypto
