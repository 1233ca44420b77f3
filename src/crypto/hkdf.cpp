#include "crypto/hkdf.hpp"

#include "crypto/openssl_handle.hpp"

#include <openssl/core_names.h>

namespace vsecm::crypto {
namespace {

using base::byte_span;
using base::byte_view;

// Fetching an algorithm by name takes locks and string compares: once per process. Never freed, so that no order of
// destruction at exit can matter.
EVP_MD const* sha256_algorithm() {
    static EVP_MD const* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    must(md != nullptr);
    return md;
}

EVP_MAC* hmac_algorithm() {
    static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    must(mac != nullptr);
    return mac;
}

EVP_KDF* hkdf_algorithm() {
    static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
    must(kdf != nullptr);
    return kdf;
}

char sha256_name[] = "SHA256";  // OSSL_PARAM wants it mutable; nobody writes

OSSL_PARAM octets(char const* name, byte_view bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

digest256 sha256(byte_view data) {
    digest256 out;
    must(EVP_Digest(data.data(), data.size(), out.data(), nullptr, sha256_algorithm(), nullptr) == 1);
    return out;
}

digest256 hmac_sha256(byte_view key, byte_view data) {
    static constexpr std::uint8_t no_key[1] = {0};  // RFC 2104 pads with zeros, so one zero byte is the empty key
    if (key.empty()) key = no_key;
    evp_mac_ctx ctx{EVP_MAC_CTX_new(hmac_algorithm())};
    OSSL_PARAM const params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256_name, 0), OSSL_PARAM_construct_end()};
    digest256 out;
    std::size_t len = 0;
    must(ctx && EVP_MAC_init(ctx.get(), key.data(), key.size(), params) == 1 &&
         EVP_MAC_update(ctx.get(), data.data(), data.size()) == 1 && EVP_MAC_final(ctx.get(), out.data(), &len, out.size()) == 1);
    must(len == out.size());
    return out;
}

void hkdf_sha256(byte_view ikm, byte_view salt, byte_view info, byte_span out) {
    evp_kdf_ctx ctx{EVP_KDF_CTX_new(hkdf_algorithm())};
    OSSL_PARAM params[5];
    std::size_t n = 0;
    params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256_name, 0);
    params[n++] = octets(OSSL_KDF_PARAM_KEY, ikm);
    if (!salt.empty()) params[n++] = octets(OSSL_KDF_PARAM_SALT, salt);
    if (!info.empty()) params[n++] = octets(OSSL_KDF_PARAM_INFO, info);
    params[n] = OSSL_PARAM_construct_end();
    must(ctx && EVP_KDF_derive(ctx.get(), out.data(), out.size(), params) == 1);
}

}  // namespace vsecm::crypto
