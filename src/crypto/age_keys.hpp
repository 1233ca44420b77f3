// The two age key types: whom a file is for, and who can open it. C2SP age.md, "X25519 recipient type".
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"
#include "base/secure_buffer.hpp"

#include <array>
#include <string>

namespace vsecm::crypto {

// A public X25519 key, "age1…" (62 characters). Plain value; public; thread-safe.
class age_recipient {
public:
    // errc::invalid if malformed; errc::unsupported for age's other key types (post-quantum, plugins).
    static base::result<age_recipient> parse(std::string_view text);
    explicit age_recipient(std::array<std::uint8_t, 32> const& point) noexcept : point_(point) {}

    std::string print() const;
    // 8 hex characters of the SHA-256 of print(): names a key in logs and errors.
    std::string id() const;
    base::byte_view point() const noexcept { return point_; }
    friend bool operator==(age_recipient const&, age_recipient const&) = default;

private:
    std::array<std::uint8_t, 32> point_;
};

// A secret X25519 key, "AGE-SECRET-KEY-1…" (74 characters), held in guarded memory. Move-only; const use is thread-safe.
class age_identity {
public:
    static age_identity generate();
    // errc::invalid if malformed, errc::unsupported for other key types. The error never quotes the text.
    static base::result<age_identity> parse(std::string_view text);

    base::secret_text print() const;
    age_recipient const& recipient() const noexcept { return recipient_; }
    base::byte_view secret() const noexcept { return secret_.view(); }
    age_identity clone() const { return age_identity(secret_.clone()); }

private:
    explicit age_identity(base::secure_buffer secret);
    base::secure_buffer secret_;
    age_recipient recipient_;
};

}  // namespace vsecm::crypto
