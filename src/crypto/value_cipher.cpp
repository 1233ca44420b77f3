#include "crypto/value_cipher.hpp"

#include "base/check.hpp"
#include "crypto/aes_cfb_compat.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/age_format.hpp"

namespace vsecm::crypto {

using namespace base;

namespace {

bool is_marked(byte_view sealed) { return looks_like_age(sealed) || looks_armored(sealed) || is_aes_gcm(sealed); }

result<secret_text> open_with(std::span<age_identity const> identities, std::span<secure_buffer const> seeds, byte_view sealed) {
    if (!is_marked(sealed)) return fail(errc::corrupt, "neither an age file nor an AES-256-GCM container");
    if (!is_aes_gcm(sealed)) return age_decrypt(identities, sealed, sealed.size());
    result<secret_text> last = fail(errc::no_match, "no AES seed given");
    for (auto const& seed : seeds) {
        last = aes_gcm_open(aes_gcm_key_of(seed.view()).view(), sealed);
        if (last || last.error().code != errc::no_match) break;
    }
    return last;
}

}  // namespace

result<secret_text> open_with(key_ring const& keys, byte_view sealed) { return open_with(keys.identities(), keys.aes_seeds(), sealed); }

result<secret_text> open_cfb_compat_with(key_ring const& keys, byte_view sealed, std::function<bool(std::string_view)> const& accept) {
    for (auto const& seed : keys.aes_seeds()) {
        auto plain = aes_cfb_compat_open(seed.view(), sealed);
        if (!plain || accept(plain->view())) return plain;
    }
    return fail(errc::no_match, "no AES seed of the {} given makes sense of it", keys.aes_seeds().size());
}

value_cipher::value_cipher(std::shared_ptr<root_key const> key, cipher_mode mode) : mode_(mode) { use(std::move(key)); }

value_cipher::~value_cipher() = default;

void value_cipher::use(std::shared_ptr<root_key const> key) {
    VSECM_CHECK(key != nullptr);
    auto gcm_key = aes_gcm_key_of(key->aes_key());
    auto next = std::make_shared<key_in_use const>(std::move(key), std::move(gcm_key));
    std::lock_guard held(mutex_);
    present_.swap(next);
    prepared_.reset();
}

std::shared_ptr<value_cipher::key_in_use const> value_cipher::present() const {
    std::lock_guard held(mutex_);
    return present_;
}

std::shared_ptr<root_key const> value_cipher::key() const { return present()->root; }

void value_cipher::prepare() const {
    if (mode_ != cipher_mode::age) return;
    std::shared_ptr<key_in_use const> keys;
    {
        std::lock_guard held(mutex_);
        if (prepared_) return;
        keys = present_;
    }
    auto next = std::make_unique<age_opening>(std::span(&keys->root->recipient(), 1));
    std::lock_guard held(mutex_);
    if (present_ == keys) prepared_ = std::move(next);
}

std::vector<std::uint8_t> value_cipher::encrypt(byte_view plain) const {
    std::shared_ptr<key_in_use const> keys;
    std::unique_ptr<age_opening> opening;
    {
        std::lock_guard held(mutex_);
        keys = present_;
        opening = std::move(prepared_);
    }
    if (mode_ != cipher_mode::age) return aes_gcm_seal(keys->gcm_key.view(), plain);
    return opening ? age_encrypt(std::move(*opening), plain) : age_encrypt(keys->root->recipient(), plain);
}

result<std::optional<std::vector<std::uint8_t>>> value_cipher::renewed(byte_view sealed, std::function<bool(std::string_view)> const& accept) const {
    auto const root = key();
    auto const& ring = root->ring();
    bool const marked = is_marked(sealed);
    if (marked) {
        auto const now = open_with(ring.identities().first(1), ring.aes_seeds().first(1), sealed);
        if (now) return std::nullopt;
        if (now.error().code != errc::no_match) return std::unexpected(now.error());
    }
    auto const plain = marked ? open_with(ring, sealed) : open_cfb_compat_with(ring, sealed, accept);
    if (!plain) return std::unexpected(plain.error());
    return encrypt(plain->bytes());
}

}  // namespace vsecm::crypto
