#include "spiffe/x509_svid.hpp"

#include "base/try.hpp"
#include "spiffe/openssl.hpp"

#include <openssl/err.h>

#include <algorithm>

namespace vsecm::spiffe {
namespace {

constexpr std::size_t max_chain_len = 16;

base::errc corrupt() noexcept { return base::errc::corrupt; }

}  // namespace

base::result<std::vector<base::byte_view>> split_der(base::byte_view joined, std::size_t max_parts) {
    constexpr std::uint8_t sequence_tag = 0x30;
    std::vector<base::byte_view> parts;
    while (!joined.empty()) {
        if (parts.size() == max_parts) return base::fail(corrupt(), "more than {} certificates", max_parts);
        if (joined[0] != sequence_tag) return base::fail(corrupt(), "not a DER certificate");
        if (joined.size() < 2) return base::fail(corrupt(), "a truncated DER certificate");
        std::size_t header_len = 2;
        std::size_t body_len = joined[1];
        if (body_len >= 0x80) {
            // Long form: 0x80 alone would be "indefinite", which DER does not have. Four bytes are 4 GiB: enough.
            std::size_t const num_bytes = body_len & 0x7f;
            if (num_bytes == 0 || num_bytes > 4) return base::fail(corrupt(), "a DER length is not definite or too large");
            header_len += num_bytes;
            if (joined.size() < header_len) return base::fail(corrupt(), "a truncated DER certificate");
            body_len = 0;
            for (std::size_t i = 0; i < num_bytes; ++i) body_len = body_len << 8 | joined[2 + i];
            if (body_len < 0x80 || body_len >> (8 * (num_bytes - 1)) == 0)
                return base::fail(corrupt(), "a DER length is not minimal");
        }
        if (body_len > joined.size() - header_len) return base::fail(corrupt(), "a truncated DER certificate");
        parts.push_back(joined.first(header_len + body_len));
        joined = joined.subspan(header_len + body_len);
    }
    return parts;
}

base::result<x509_svid> x509_svid::parse(std::string_view id_text, base::byte_view chain, base::byte_view pkcs8_key,
                                         std::string_view hint) {
    VSECM_TRY(parts, split_der(chain, max_chain_len));
    if (parts.empty()) return base::fail(corrupt(), "an SVID without a certificate");

    VSECM_TRY(leaf, parse_certificate(parts[0]));
    auto id = check_leaf(leaf.get());
    if (!id) return base::fail(corrupt(), "{}", id.error().what);
    if (id->text() != id_text) return base::fail(corrupt(), "the certificate says {}, the answer '{}'", id->text(), id_text);
    if (auto good = check_key(leaf.get()); !good) return base::fail(corrupt(), "{}", good.error().what);
    if ((X509_get_extension_flags(leaf.get()) & EXFLAG_KUSAGE) == 0 ||
        (X509_get_key_usage(leaf.get()) & KU_DIGITAL_SIGNATURE) == 0)
        return base::fail(corrupt(), "the certificate of {} lacks the digitalSignature usage", id->text());

    x509_svid svid(*std::move(id));
    svid.not_before_ = spiffe::not_before(leaf.get());
    svid.expires_ = not_after(leaf.get());
    svid.chain_.emplace_back(parts[0].begin(), parts[0].end());
    for (std::size_t i = 1; i < parts.size(); ++i) {
        VSECM_TRY(intermediate, parse_certificate(parts[i]));
        // An absent keyUsage reads as "everything", so it is asked for by its flag.
        auto const flags = X509_get_extension_flags(intermediate.get());
        if ((flags & EXFLAG_INVALID) != 0 || (flags & EXFLAG_CA) == 0 || (flags & EXFLAG_KUSAGE) == 0 ||
            (X509_get_key_usage(intermediate.get()) & KU_KEY_CERT_SIGN) == 0)
            return base::fail(corrupt(), "an intermediate certificate of {} is not a CA that may sign", svid.id_.text());
        svid.expires_ = std::min(svid.expires_, not_after(intermediate.get()));
        svid.chain_.emplace_back(parts[i].begin(), parts[i].end());
    }

    auto const* at = pkcs8_key.data();
    pkey_ptr const key{d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8_key.size()))};
    if (!key || at != pkcs8_key.data() + pkcs8_key.size()) {
        ERR_clear_error();
        return base::fail(corrupt(), "the private key of {} does not parse", svid.id_.text());
    }
    if (X509_check_private_key(leaf.get(), key.get()) != 1) {
        ERR_clear_error();
        return base::fail(corrupt(), "the private key of {} does not belong to its certificate", svid.id_.text());
    }
    svid.key_ = base::secure_buffer(pkcs8_key);
    svid.hint_ = hint;
    return svid;
}

}  // namespace vsecm::spiffe
