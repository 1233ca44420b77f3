// Our own X.509-SVID, as the Workload API hands it out, checked before it is used.
// Source: X509-SVID.md; the checks are go-spiffe's and the standard's.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secure_buffer.hpp"
#include "spiffe/spiffe_id.hpp"

#include <string>
#include <vector>

namespace vsecm::spiffe {

using der = std::vector<std::uint8_t>;

// Cuts concatenated DER certificates apart by their outer SEQUENCE. errc::corrupt for an indefinite or non-minimal
// length, a truncated or foreign element, or more than `max_parts`. Says nothing about the insides.
base::result<std::vector<base::byte_view>> split_der(base::byte_view joined, std::size_t max_parts);

class x509_svid {
public:
    // `id_text` is the Workload API's spiffe_id field and must be the one in the leaf. errc::corrupt for what does not
    // parse or break the rules: exactly one URI SAN with a path, leaf not a CA, digitalSignature without certSign and
    // crlSign, intermediates CAs with certSign, key of the leaf and of an accepted kind (ECDSA P-256/384/521,
    // RSA >= 2048, Ed25519). Expiry is not judged here.
    static base::result<x509_svid> parse(std::string_view id_text, base::byte_view chain, base::byte_view pkcs8_key,
                                         std::string_view hint = {});

    x509_svid(x509_svid&&) noexcept = default;
    x509_svid& operator=(x509_svid&&) noexcept = default;

    spiffe_id const& id() const noexcept { return id_; }
    std::vector<der> const& chain() const noexcept { return chain_; }        // leaf first
    base::byte_view key() const noexcept { return key_.view(); }             // PKCS#8
    base::system_time not_before() const noexcept { return not_before_; }    // of the leaf
    base::system_time expires() const noexcept { return expires_; }          // earliest of the whole chain
    std::string const& hint() const noexcept { return hint_; }

private:
    x509_svid(spiffe_id id) : id_(std::move(id)) {}
    spiffe_id id_;
    std::vector<der> chain_;
    base::secure_buffer key_;
    base::system_time not_before_{};
    base::system_time expires_{};
    std::string hint_;
};

}  // namespace vsecm::spiffe
