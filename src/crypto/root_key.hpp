// The root key: what encrypts everything safe stores. Three lines of text, as the original writes them (contract 6.1):
// an age identity, its recipient, 64 hex characters of AES seed. Lines 4 and after are ours: keys that were replaced and
// only decrypt. The original reads the first three.
#pragma once

#include "crypto/age_keys.hpp"

#include <optional>
#include <span>
#include <vector>

namespace vsecm::crypto {

// Everything that can open something: any number of identities and AES seeds, in order of preference. Const use is
// thread-safe.
class key_ring {
public:
    // Any mix of root-key lines, one a line; one is enough. "age1…" lines, empty lines and "#" comments are passed over.
    // errc::invalid, naming the line's number only, for any other; and if there is no key at all. With `passed_over`,
    // a malformed line is told there instead, so that what is left of a damaged key can still be used.
    static base::result<key_ring> parse(std::string_view text, std::vector<std::string>* passed_over = nullptr);

    std::span<age_identity const> identities() const noexcept { return identities_; }
    std::span<base::secure_buffer const> aes_seeds() const noexcept { return seeds_; }
    void add(age_identity identity) { identities_.push_back(std::move(identity)); }
    void add(base::secure_buffer aes_seed) { seeds_.push_back(std::move(aes_seed)); }

private:
    std::vector<age_identity> identities_;
    std::vector<base::secure_buffer> seeds_;
};

// Immutable once made, so shared between threads as shared_ptr<root_key const>.
class root_key {
public:
    static root_key generate();
    // White space around the text and around each line is dropped (CR too). errc::invalid, quoting nothing, if fewer than
    // three lines, a malformed line, or a recipient that is not the identity's own.
    static base::result<root_key> parse(std::string_view text);
    // The same, from the parts on their own; `older` is what would be lines 4 and after, one key each.
    static base::result<root_key> from_parts(std::string_view identity, std::string_view recipient, std::string_view aes_seed,
                                             std::span<base::secret_text const> older = {});

    base::secret_text print() const;  // lines joined by LF, none at the end
    age_recipient const& recipient() const noexcept { return ring_.identities().front().recipient(); }
    std::span<age_identity const> identities() const noexcept { return ring_.identities(); }  // current first
    base::byte_view aes_key() const noexcept { return ring_.aes_seeds().front().view(); }     // the seed, current
    key_ring const& ring() const noexcept { return ring_; }

    // 8 hex characters of a hash of the recipient: public, for logs and errors.
    std::string id() const { return recipient().id(); }

    // --- keys that were replaced --------------------------------------------------------------------------------------
    // The ids of those that only decrypt, newest first. One is an identity, with the seed in the line behind it; a seed that
    // stands alone has an id of its own.
    std::vector<std::string> older_ids() const;
    // This key in the place of `before`, whose keys all stay to decrypt with. If this one's identity was replaced before with
    // another seed beside it, that pair stays, too, under the same id.
    root_key in_place_of(root_key const& before) const;
    // The same key without one that only decrypts. errc::not_found if there is none of that id.
    base::result<root_key> without(std::string_view older_id) const;

    // 32 bytes for another purpose, from the current AES seed: HKDF-SHA-256 with info "vsecm/" + label. Stable for ever.
    base::secure_buffer derive(std::string_view label) const;

private:
    // Where the ring has the halves of a replaced key; at least one is there.
    struct older_key {
        std::optional<std::size_t> identity, seed;
    };
    explicit root_key(key_ring ring) noexcept : ring_(std::move(ring)) {}
    root_key alone() const;
    base::status add_line(std::string_view line, std::size_t number, bool& after_identity);
    void add_older(root_key const& from, older_key const& which);
    std::string id_of(older_key const& which) const;

    key_ring ring_;
    std::vector<older_key> older_;
};

// The key of the AES-256-GCM container, derived from a seed: the seed itself is what the original's CFB files use, and one
// key serves one mechanism.
base::secure_buffer aes_gcm_key_of(base::byte_view aes_seed);

}  // namespace vsecm::crypto
