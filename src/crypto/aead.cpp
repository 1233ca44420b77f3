#include "crypto/aead.hpp"

#include "base/check.hpp"
#include "crypto/openssl_handle.hpp"

#include <sodium.h>

#include <algorithm>
#include <climits>

namespace vsecm::crypto {

using base::byte_span;
using base::byte_view;

namespace {

void check_lengths(byte_view key, byte_view nonce) { VSECM_CHECK(key.size() == aead_key_len && nonce.size() == aead_nonce_len); }

EVP_CIPHER const* gcm_algorithm() {
    static EVP_CIPHER const* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);  // once: a fetch takes locks
    must(cipher != nullptr);
    return cipher;
}

// The thread's one context, keyed for the length of a call: making one costs more than using it. The expanded key lies in
// ordinary memory meanwhile, so it is written over with that of a zero key before the call returns (80 ns).
class gcm_use {
public:
    enum direction { open, seal };
    gcm_use(byte_view key, byte_view nonce, direction way) {
        must(EVP_CipherInit_ex2(ctx(), nullptr, key.data(), nonce.data(), way, nullptr) == 1);
    }
    gcm_use(gcm_use const&) = delete;
    ~gcm_use() {
        static constexpr std::uint8_t zero_key[aead_key_len] = {};
        must(EVP_CipherInit_ex2(ctx(), nullptr, zero_key, nullptr, -1, nullptr) == 1);
    }
    static EVP_CIPHER_CTX* ctx() {
        thread_local evp_cipher_ctx const kept = [] {
            evp_cipher_ctx fresh{EVP_CIPHER_CTX_new()};
            must(fresh && EVP_CipherInit_ex2(fresh.get(), gcm_algorithm(), nullptr, nullptr, seal, nullptr) == 1);
            return fresh;
        }();
        return kept.get();
    }
    int operator()(std::uint8_t* to, int* written, std::uint8_t const* from, int len) const {
        return EVP_CipherUpdate(ctx(), to, written, from, len);
    }
};

// OpenSSL counts in int, so a gigabyte or more goes in pieces.
void in_pieces(byte_view in, std::uint8_t* out, gcm_use const& update) {
    while (!in.empty()) {
        auto const n = std::min<std::size_t>(in.size(), INT_MAX / 2);
        int written = 0;
        must(update(out, &written, in.data(), static_cast<int>(n)) == 1 && static_cast<std::size_t>(written) == n);
        in = in.subspan(n);
        if (out != nullptr) out += n;
    }
}

}  // namespace

void chacha20_poly1305_seal(byte_view key, byte_view nonce, byte_view aad, byte_view plain, byte_span out) {
    check_lengths(key, nonce);
    VSECM_CHECK(out.size() == plain.size() + aead_tag_len);
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(), aad.data(), aad.size(), nullptr,
                                              nonce.data(), key.data());
}

bool chacha20_poly1305_open(byte_view key, byte_view nonce, byte_view aad, byte_view sealed, byte_span out) {
    check_lengths(key, nonce);
    if (sealed.size() < aead_tag_len) return false;
    VSECM_CHECK(out.size() == sealed.size() - aead_tag_len);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(), sealed.size(), aad.data(), aad.size(),
                                                  nonce.data(), key.data()) == 0)
        return true;
    base::wipe(out.data(), out.size());
    return false;
}

void aes_256_gcm_seal(byte_view key, byte_view nonce, byte_view aad, byte_view plain, byte_span out) {
    check_lengths(key, nonce);
    VSECM_CHECK(out.size() == plain.size() + aead_tag_len);
    gcm_use const gcm(key, nonce, gcm_use::seal);
    in_pieces(aad, nullptr, gcm);
    in_pieces(plain, out.data(), gcm);
    auto* const tag = out.data() + plain.size();
    int none = 0;  // GCM has no final bytes
    must(EVP_CipherFinal_ex(gcm.ctx(), tag, &none) == 1 && EVP_CIPHER_CTX_ctrl(gcm.ctx(), EVP_CTRL_AEAD_GET_TAG, aead_tag_len, tag) == 1);
}

bool aes_256_gcm_open(byte_view key, byte_view nonce, byte_view aad, byte_view sealed, byte_span out) {
    check_lengths(key, nonce);
    if (sealed.size() < aead_tag_len) return false;
    VSECM_CHECK(out.size() == sealed.size() - aead_tag_len);
    gcm_use const gcm(key, nonce, gcm_use::open);
    in_pieces(aad, nullptr, gcm);
    in_pieces(sealed.first(out.size()), out.data(), gcm);
    auto* const tag = const_cast<std::uint8_t*>(sealed.data() + out.size());
    std::uint8_t no_bytes[16];
    int none = 0;
    must(EVP_CIPHER_CTX_ctrl(gcm.ctx(), EVP_CTRL_AEAD_SET_TAG, aead_tag_len, tag) == 1);
    if (EVP_CipherFinal_ex(gcm.ctx(), no_bytes, &none) == 1) return true;
    drain_openssl_errors();
    base::wipe(out.data(), out.size());
    return false;
}

}  // namespace vsecm::crypto
