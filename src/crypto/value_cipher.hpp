// How a record or a value is encrypted at rest and in exports: in age or in AES mode, under the root key.
#pragma once

#include "crypto/root_key.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace vsecm::crypto {

class age_opening;

enum class cipher_mode { age, aes };

// Opens what any key of the ring can open: an age file (binary or armored) or an AES-256-GCM container. errc::no_match if
// it is well formed but for none of the keys (or, for AES, changed); errc::corrupt if malformed, not authentic, or
// neither of the two. Thread-safe.
base::result<base::secret_text> open_with(key_ring const& keys, base::byte_view sealed);

// The original's unauthenticated CFB, for migration: tries each AES seed until `accept` says that the plaintext is what it
// should be. errc::no_match if none is accepted or there is no seed.
base::result<base::secret_text> open_cfb_compat_with(key_ring const& keys, base::byte_view sealed,
                                                     std::function<bool(std::string_view)> const& accept);

// Thread-safe.
class value_cipher {
public:
    value_cipher(std::shared_ptr<root_key const> key, cipher_mode mode);

    ~value_cipher();

    std::vector<std::uint8_t> encrypt(base::byte_view plain) const;
    // Does what can be done ahead for the next encrypt(): called when nobody waits, it takes that off the next caller's way.
    void prepare() const;
    // Whichever the mode: a store may hold both.
    base::result<base::secret_text> decrypt(base::byte_view sealed) const { return open_with(key_->ring(), sealed); }
    // With the current seed and no check at all: the caller must check what comes out, and should log that it was used.
    base::result<base::secret_text> decrypt_cfb_compat(base::byte_view sealed) const;
    base::result<base::secret_text> decrypt_cfb_compat(base::byte_view sealed, std::function<bool(std::string_view)> const& accept) const {
        return open_cfb_compat_with(key_->ring(), sealed, accept);
    }
    // What exports call it: "age" or "aes-256-gcm".
    std::string_view algorithm() const noexcept { return mode_ == cipher_mode::age ? "age" : "aes-256-gcm"; }
    cipher_mode mode() const noexcept { return mode_; }
    root_key const& key() const noexcept { return *key_; }

private:
    std::shared_ptr<root_key const> key_;
    cipher_mode mode_;
    base::secure_buffer gcm_key_;
    mutable std::mutex mutex_;  // of the next line only
    mutable std::unique_ptr<age_opening> prepared_;
};

}  // namespace vsecm::crypto
