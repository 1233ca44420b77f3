// Internal to the rooms that call OpenSSL; never included from a public header. Owners, and the error queue.
#pragma once

#include "base/check.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>

namespace vsecm::crypto {

template <auto Free>
struct openssl_free {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
using evp_cipher_ctx = std::unique_ptr<EVP_CIPHER_CTX, openssl_free<EVP_CIPHER_CTX_free>>;
using evp_md_ctx = std::unique_ptr<EVP_MD_CTX, openssl_free<EVP_MD_CTX_free>>;
using evp_mac_ctx = std::unique_ptr<EVP_MAC_CTX, openssl_free<EVP_MAC_CTX_free>>;
using evp_kdf_ctx = std::unique_ptr<EVP_KDF_CTX, openssl_free<EVP_KDF_CTX_free>>;

// A failure left in the thread's queue would be reported by the next, unrelated TLS call.
inline void drain_openssl_errors() noexcept { ERR_clear_error(); }

// For calls that only fail when memory is short or we passed nonsense: not for anything a peer's bytes can cause.
inline void must(bool ok) noexcept { VSECM_CHECK(ok); }

}  // namespace vsecm::crypto
