#include "crypto/aes_cfb_compat.hpp"

#include "base/check.hpp"
#include "crypto/openssl_handle.hpp"

#include <climits>

namespace vsecm::crypto {

using namespace base;

result<secret_text> aes_cfb_compat_open(byte_view key, byte_view iv_and_ciphertext) {
    constexpr std::size_t iv_len = 16;
    VSECM_CHECK(key.size() == 32);
    if (iv_and_ciphertext.size() < iv_len) return fail(errc::corrupt, "shorter than the 16-byte IV of the original's AES format");
    auto const text = iv_and_ciphertext.subspan(iv_len);
    if (text.size() > INT_MAX) return fail(errc::too_large, "larger than 2 GiB");
    secret_text plain;
    plain.resize(text.size());

    static EVP_CIPHER const* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-CFB", nullptr);
    evp_cipher_ctx ctx{EVP_CIPHER_CTX_new()};
    int len = 0;
    must(ctx && EVP_DecryptInit_ex2(ctx.get(), algorithm, key.data(), iv_and_ciphertext.data(), nullptr) == 1);
    must(text.empty() || EVP_DecryptUpdate(ctx.get(), plain.span().data(), &len, text.data(), static_cast<int>(text.size())) == 1);
    must(static_cast<std::size_t>(len) == text.size());  // CFB-128 through EVP is a stream cipher: nothing is held back
    return plain;
}

}  // namespace vsecm::crypto
