// OpenSSL handles and the few questions this room asks about certificates. Internal: never included by another room's
// header.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "spiffe/spiffe_id.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

namespace vsecm::spiffe {

template <auto Free>
struct free_with {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
inline void free_x509_stack(STACK_OF(X509) * s) noexcept { sk_X509_pop_free(s, X509_free); }

using x509_ptr = std::unique_ptr<X509, free_with<X509_free>>;
using x509_stack_ptr = std::unique_ptr<STACK_OF(X509), free_with<free_x509_stack>>;
using x509_store_ptr = std::unique_ptr<X509_STORE, free_with<X509_STORE_free>>;
using x509_store_ctx_ptr = std::unique_ptr<X509_STORE_CTX, free_with<X509_STORE_CTX_free>>;
using pkey_ptr = std::unique_ptr<EVP_PKEY, free_with<EVP_PKEY_free>>;

using fingerprint = std::array<std::uint8_t, 32>;

// errc::corrupt unless `der` is exactly one certificate.
base::result<x509_ptr> parse_certificate(base::byte_view der);
fingerprint sha256_of(X509 const* certificate) noexcept;
base::system_time not_after(X509 const* certificate) noexcept;
base::system_time not_before(X509 const* certificate) noexcept;

// What both our own leaf and a peer's must be: exactly one URI SAN, a SPIFFE ID with a path; not a CA; no certSign or
// crlSign. errc::denied with the reason.
base::result<spiffe_id> check_leaf(X509* leaf);
// ECDSA on P-256, P-384 or P-521, RSA of 2,048 to 8,192 bits, Ed25519. errc::denied.
base::status check_key(X509 const* certificate);

}  // namespace vsecm::spiffe
