#include "crypto/age_keys.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "crypto/bech32.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/random.hpp"
#include "crypto/stack_key.hpp"
#include "crypto/x25519.hpp"

#include <algorithm>

namespace vsecm::crypto {

using namespace base;

namespace {

constexpr std::string_view recipient_hrp = "age";
constexpr std::string_view identity_hrp = "AGE-SECRET-KEY-";

age_recipient recipient_of(byte_view secret) {
    std::array<std::uint8_t, x25519_len> point;
    x25519_public(secret, point);
    return age_recipient(point);
}

}  // namespace

result<age_recipient> age_recipient::parse(std::string_view text) {
    auto decoded = bech32_decode(text);
    if (!decoded) return pass(std::move(decoded), "not an age recipient");
    if (decoded->hrp != recipient_hrp) {
        if (decoded->hrp.starts_with(recipient_hrp)) return fail(errc::unsupported, "age recipients of type `{}1…` are not supported", decoded->hrp);
        return fail(errc::invalid, "not an age recipient: it must begin with age1");
    }
    if (decoded->bytes.size() != x25519_len) return fail(errc::invalid, "an age recipient has 32 bytes, this has {}", decoded->bytes.size());
    std::array<std::uint8_t, x25519_len> point;
    std::ranges::copy(decoded->bytes.bytes(), point.begin());
    // A point of low order shares the same known secret with everybody: files for it would be readable by anyone.
    stack_key<x25519_len> any_scalar;
    stack_key<x25519_len> shared;
    any_scalar.span()[0] = 8;
    if (!x25519_shared(any_scalar.view(), point, shared.span())) return fail(errc::invalid, "not an age recipient: a point of low order");
    return age_recipient(point);
}

std::string age_recipient::print() const { return std::string(bech32_encode(recipient_hrp, point_).view()); }

std::string age_recipient::id() const {
    auto const digest = sha256(as_bytes(print()));
    return hex_encode(byte_view(digest).first(4));
}

age_identity::age_identity(secure_buffer secret) : secret_(std::move(secret)), recipient_(recipient_of(secret_.view())) {}

age_identity age_identity::generate() { return age_identity(random_key(x25519_len)); }

result<age_identity> age_identity::parse(std::string_view text) {
    auto decoded = bech32_decode(text);
    if (!decoded) return pass(std::move(decoded), "not an age secret key");
    // Lower case is refused although bech32 allows it, as the reference does: one key, one text.
    if (decoded->hrp != identity_hrp) {
        if (decoded->hrp.starts_with("AGE-")) return fail(errc::unsupported, "age secret keys of this type are not supported");
        return fail(errc::invalid, "not an age secret key: it must begin with AGE-SECRET-KEY-1, in capitals");
    }
    if (decoded->bytes.size() != x25519_len) return fail(errc::invalid, "an age secret key has 32 bytes, this has {}", decoded->bytes.size());
    return age_identity(secure_buffer(decoded->bytes.bytes()));
}

secret_text age_identity::print() const { return bech32_encode(identity_hrp, secret_.view()); }

}  // namespace vsecm::crypto
