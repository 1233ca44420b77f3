#include "spiffe/openssl.hpp"

#include "base/check.hpp"
#include "base/try.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include <ctime>

namespace vsecm::spiffe {
namespace {

base::system_time time_of(ASN1_TIME const* when, base::system_time if_broken) noexcept {
    std::tm fields{};
    if (when == nullptr || ASN1_TIME_to_tm(when, &fields) != 1) return if_broken;
    using namespace std::chrono;
    auto const day = sys_days{year{fields.tm_year + 1900} / (fields.tm_mon + 1) / fields.tm_mday};
    auto const seconds_since = sys_seconds{day} + hours{fields.tm_hour} + minutes{fields.tm_min} + seconds{fields.tm_sec};
    // 9999-12-31 does not fit into nanoseconds: as late as can be.
    if (seconds_since >= time_point_cast<seconds>(base::never())) return base::never();
    if (seconds_since <= time_point_cast<seconds>(base::system_time::min())) return base::system_time::min();
    return seconds_since;
}

struct names_deleter {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

}  // namespace

base::result<x509_ptr> parse_certificate(base::byte_view der) {
    auto const* at = der.data();
    x509_ptr certificate{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
    if (!certificate || at != der.data() + der.size()) {
        ERR_clear_error();
        return base::fail(base::errc::corrupt, "a certificate does not parse");
    }
    return certificate;
}

fingerprint sha256_of(X509 const* certificate) noexcept {
    static EVP_MD const* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // EVP_sha256() is looked up at every use
    fingerprint out{};
    unsigned len = 0;
    VSECM_CHECK(sha256 && X509_digest(certificate, sha256, out.data(), &len) == 1 && len == out.size());
    return out;
}

// A date that cannot be read is one that has passed.
base::system_time not_after(X509 const* c) noexcept { return time_of(X509_get0_notAfter(c), base::system_time::min()); }
base::system_time not_before(X509 const* c) noexcept { return time_of(X509_get0_notBefore(c), base::never()); }

base::result<spiffe_id> check_leaf(X509* leaf) {
    // Fills OpenSSL's cache of extensions; a malformed one sets EXFLAG_INVALID.
    auto const flags = X509_get_extension_flags(leaf);
    if ((flags & EXFLAG_INVALID) != 0) return base::fail(base::errc::denied, "the certificate has malformed extensions");
    if ((flags & EXFLAG_CA) != 0) return base::fail(base::errc::denied, "a CA certificate cannot be a workload's identity");
    if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(leaf) & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0)
        return base::fail(base::errc::denied, "a leaf that may sign certificates or CRLs cannot be a workload's identity");
    int critical = 0;  // -1: absent; -2: more than one SAN extension
    std::unique_ptr<GENERAL_NAMES, names_deleter> const names{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, nullptr))};
    if (!names) {
        ERR_clear_error();
        if (critical == -1) return base::fail(base::errc::denied, "the certificate has no URI SAN, so no SPIFFE ID");
        return base::fail(base::errc::denied, "the certificate's subject alternative names are malformed");
    }
    ASN1_IA5STRING const* uri = nullptr;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto const* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_URI) continue;
        if (uri != nullptr) return base::fail(base::errc::denied, "the certificate has more than one URI SAN");
        uri = name->d.uniformResourceIdentifier;
    }
    if (uri == nullptr) return base::fail(base::errc::denied, "the certificate has no URI SAN, so no SPIFFE ID");
    // By length, not up to a NUL: an embedded NUL is a character that no ID has.
    base::byte_view const bytes{ASN1_STRING_get0_data(uri), static_cast<std::size_t>(ASN1_STRING_length(uri))};
    auto id = spiffe_id::parse(base::as_text(bytes));
    if (!id) return base::fail(base::errc::denied, "the certificate's URI SAN is not a SPIFFE ID: {}", id.error().what);
    if (id->path().empty()) return base::fail(base::errc::denied, "{} names a trust domain, not a workload", id->text());
    return id;
}

base::status check_key(X509 const* certificate) {
    auto* const key = X509_get0_pubkey(certificate);
    if (key == nullptr) {
        ERR_clear_error();
        return base::fail(base::errc::denied, "a certificate's public key does not parse");
    }
    auto const bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
        case EVP_PKEY_RSA_PSS:
            // The upper bound is for our processor's sake: checking a signature costs with the square of it.
            if (bits >= 2048 && bits <= 8192) return {};
            return base::fail(base::errc::denied, "an RSA key of {} bits is not accepted (2,048 to 8,192 are)", bits);
        case EVP_PKEY_EC: {
            char curve[64] = {};
            std::size_t len = 0;
            static_cast<void>(EVP_PKEY_get_group_name(key, curve, sizeof curve, &len));
            std::string_view const name(curve, std::min(len, sizeof curve));
            if (name == SN_X9_62_prime256v1 || name == SN_secp384r1 || name == SN_secp521r1) return {};
            return base::fail(base::errc::denied, "the elliptic curve '{}' is not accepted", name);
        }
        case EVP_PKEY_ED25519: return {};
        default: return base::fail(base::errc::denied, "a certificate's kind of key is not accepted");
    }
}

}  // namespace vsecm::spiffe
