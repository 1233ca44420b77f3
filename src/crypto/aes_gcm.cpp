#include "crypto/aes_gcm.hpp"

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "crypto/aead.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/random.hpp"

#include <algorithm>
#include <cstring>

namespace vsecm::crypto {

using namespace base;

namespace {

// magic | version | key id | nonce | ciphertext | tag. What comes before the nonce is the additional data.
constexpr std::string_view magic = "VSECM-G";
constexpr std::uint8_t version = 1;
constexpr std::size_t key_id_at = magic.size() + 1;
constexpr std::size_t nonce_at = key_id_at + std::tuple_size_v<aes_key_id>;
constexpr std::size_t text_at = nonce_at + aead_nonce_len;
static_assert(text_at + aead_tag_len == aes_gcm_overhead);

}  // namespace

aes_key_id aes_gcm_key_id(byte_view key) {
    auto const mac = hmac_sha256(key, as_bytes("vsecm aes-256-gcm key id"));
    aes_key_id id;
    std::copy_n(mac.begin(), id.size(), id.begin());
    return id;
}

bool is_aes_gcm(byte_view bytes) noexcept { return as_text(bytes).starts_with(magic); }

std::vector<std::uint8_t> aes_gcm_seal(byte_view key, byte_view plain) {
    std::vector<std::uint8_t> out(plain.size() + aes_gcm_overhead);
    std::memcpy(out.data(), magic.data(), magic.size());
    out[magic.size()] = version;
    std::ranges::copy(aes_gcm_key_id(key), out.begin() + key_id_at);
    auto const nonce = byte_span(out).subspan(nonce_at, aead_nonce_len);
    random_fill(nonce);
    aes_256_gcm_seal(key, nonce, byte_view(out).first(nonce_at), plain, byte_span(out).subspan(text_at));
    return out;
}

result<secret_text> aes_gcm_open(byte_view key, byte_view container) {
    if (!is_aes_gcm(container)) return fail(errc::corrupt, "not an AES-256-GCM container");
    if (container.size() < aes_gcm_overhead) return fail(errc::corrupt, "AES-256-GCM container is cut short");
    if (container[magic.size()] != version)
        return fail(errc::unsupported, "AES-256-GCM container has version {}, this program reads {}", container[magic.size()], version);
    auto const id = aes_gcm_key_id(key);
    auto const sealed_under = container.subspan(key_id_at, id.size());
    if (!std::ranges::equal(id, sealed_under))
        return fail(errc::no_match, "sealed under AES key {}, not {}", hex_encode(sealed_under), hex_encode(id));

    secret_text plain;
    plain.resize(container.size() - aes_gcm_overhead);
    if (!aes_256_gcm_open(key, container.subspan(nonce_at, aead_nonce_len), container.first(nonce_at), container.subspan(text_at), plain.span()))
        return fail(errc::corrupt, "AES-256-GCM container fails authentication: changed or cut short");
    return plain;
}

}  // namespace vsecm::crypto
