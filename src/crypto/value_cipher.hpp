// How a record or a value is encrypted at rest and in exports: in age or in AES mode, under the root key.
#pragma once

#include "crypto/root_key.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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

// Thread-safe. The key may be replaced while others encrypt and decrypt.
class value_cipher {
public:
    value_cipher(std::shared_ptr<root_key const> key, cipher_mode mode);

    ~value_cipher();

    std::vector<std::uint8_t> encrypt(base::byte_view plain) const;
    // Does what can be done ahead for the next encrypt(): called when nobody waits, it takes that off the next caller's way.
    void prepare() const;
    // Whichever the mode: a store may hold both.
    base::result<base::secret_text> decrypt(base::byte_view sealed) const { return open_with(key()->ring(), sealed); }
    base::result<base::secret_text> decrypt_cfb_compat(base::byte_view sealed, std::function<bool(std::string_view)> const& accept) const {
        return open_cfb_compat_with(key()->ring(), sealed, accept);
    }

    // From the next encrypt() on. Calls that have begun end with the key they began with.
    void use(std::shared_ptr<root_key const> key);
    // What `sealed` has to become so that the present key alone opens it, and authentic: nothing if that is so already. `accept`
    // is for what the original's CFB gives. Errors as of open_with.
    base::result<std::optional<std::vector<std::uint8_t>>> renewed(base::byte_view sealed, std::function<bool(std::string_view)> const& accept) const;

    // What exports call it: "age" or "aes-256-gcm".
    std::string_view algorithm() const noexcept { return mode_ == cipher_mode::age ? "age" : "aes-256-gcm"; }
    cipher_mode mode() const noexcept { return mode_; }
    std::shared_ptr<root_key const> key() const;

private:
    struct key_in_use {
        std::shared_ptr<root_key const> root;
        base::secure_buffer gcm_key;
    };
    std::shared_ptr<key_in_use const> present() const;

    cipher_mode mode_;
    mutable std::mutex mutex_;  // of all below
    std::shared_ptr<key_in_use const> present_;
    mutable std::unique_ptr<age_opening> prepared_;  // for the present key
};

}  // namespace vsecm::crypto
