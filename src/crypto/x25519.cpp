#include "crypto/x25519.hpp"

#include "base/check.hpp"

#include <sodium.h>

namespace vsecm::crypto {

void x25519_public(base::byte_view secret, base::byte_span point) {
    VSECM_CHECK(secret.size() == x25519_len && point.size() == x25519_len);
    VSECM_CHECK(crypto_scalarmult_base(point.data(), secret.data()) == 0);
}

bool x25519_shared(base::byte_view secret, base::byte_view point, base::byte_span shared) {
    VSECM_CHECK(secret.size() == x25519_len && point.size() == x25519_len && shared.size() == x25519_len);
    return crypto_scalarmult(shared.data(), secret.data(), point.data()) == 0;  // -1: low order or all zero
}

}  // namespace vsecm::crypto
