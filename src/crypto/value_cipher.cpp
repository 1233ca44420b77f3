#include "crypto/value_cipher.hpp"

#include "base/check.hpp"
#include "crypto/aes_cfb_compat.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/age_format.hpp"

namespace vsecm::crypto {

using namespace base;

result<secret_text> open_with(key_ring const& keys, byte_view sealed) {
    if (looks_like_age(sealed) || looks_armored(sealed)) return age_decrypt(keys.identities(), sealed, sealed.size());
    if (!is_aes_gcm(sealed)) return fail(errc::corrupt, "neither an age file nor an AES-256-GCM container");
    result<secret_text> last = fail(errc::no_match, "no AES seed given");
    for (auto const& seed : keys.aes_seeds()) {
        last = aes_gcm_open(aes_gcm_key_of(seed.view()).view(), sealed);
        if (last || last.error().code != errc::no_match) break;
    }
    return last;
}

result<secret_text> open_cfb_compat_with(key_ring const& keys, byte_view sealed, std::function<bool(std::string_view)> const& accept) {
    for (auto const& seed : keys.aes_seeds()) {
        auto plain = aes_cfb_compat_open(seed.view(), sealed);
        if (!plain || accept(plain->view())) return plain;
    }
    return fail(errc::no_match, "no AES seed of the {} given makes sense of it", keys.aes_seeds().size());
}

value_cipher::value_cipher(std::shared_ptr<root_key const> key, cipher_mode mode) : key_(std::move(key)), mode_(mode) {
    VSECM_CHECK(key_ != nullptr);
    gcm_key_ = aes_gcm_key_of(key_->aes_key());
}

value_cipher::~value_cipher() = default;

void value_cipher::prepare() const {
    if (mode_ != cipher_mode::age) return;
    {
        std::lock_guard held(mutex_);
        if (prepared_) return;
    }
    auto next = std::make_unique<age_opening>(std::span(&key_->recipient(), 1));
    std::lock_guard held(mutex_);
    prepared_ = std::move(next);
}

std::vector<std::uint8_t> value_cipher::encrypt(byte_view plain) const {
    if (mode_ != cipher_mode::age) return aes_gcm_seal(gcm_key_.view(), plain);
    std::unique_ptr<age_opening> opening;
    {
        std::lock_guard held(mutex_);
        opening = std::move(prepared_);
    }
    return opening ? age_encrypt(std::move(*opening), plain) : age_encrypt(key_->recipient(), plain);
}

result<secret_text> value_cipher::decrypt_cfb_compat(byte_view sealed) const { return aes_cfb_compat_open(key_->aes_key(), sealed); }

}  // namespace vsecm::crypto
