#include "identity/certificate.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>

namespace vsecm::identity {
namespace {

using bignum_ptr = std::unique_ptr<BIGNUM, spiffe::free_with<BN_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, spiffe::free_with<X509_EXTENSION_free>>;
using time_ptr = std::unique_ptr<ASN1_TIME, spiffe::free_with<ASN1_TIME_free>>;
using pkcs8_ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, spiffe::free_with<PKCS8_PRIV_KEY_INFO_free>>;

std::unexpected<base::error> failed(std::string_view doing) {
    return base::fail(base::errc::internal, "{}: {}", doing, openssl_error());
}

time_ptr asn1_time(base::system_time t) {
    return time_ptr{ASN1_TIME_set(nullptr, std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count())};
}

// 127 random bits: positive, and never twice.
bool set_serial(X509* certificate) {
    std::uint8_t bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] &= 0x7f;
    bignum_ptr const number{BN_bin2bn(bytes, sizeof bytes, nullptr)};
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, certificate_parts const& parts) {
    auto* const name = X509_get_subject_name(certificate);
    auto const add = [name](char const* field, std::string const& value) {
        return X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, reinterpret_cast<unsigned char const*>(value.data()),
                                          static_cast<int>(value.size()), -1, 0) == 1;
    };
    if (parts.serial_in_subject.empty()) return add("O", "vsecm");
    return add("O", "SPIFFE") && add("serialNumber", parts.serial_in_subject);
}

}  // namespace

std::string openssl_error() {
    auto const number = ERR_peek_last_error();
    ERR_clear_error();
    if (number == 0) return "no reason given";
    char text[256];
    ERR_error_string_n(number, text, sizeof text);
    return text;
}

base::result<spiffe::pkey_ptr> new_p256_key() {
    spiffe::pkey_ptr key{EVP_EC_gen("P-256")};
    if (!key) return failed("making a P-256 key");
    return key;
}

base::result<base::secure_buffer> pkcs8_of(EVP_PKEY* key) {
    pkcs8_ptr const info{EVP_PKEY2PKCS8(key)};
    int const len = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : -1;
    if (len <= 0) return failed("encoding a private key");
    base::secure_buffer out(static_cast<std::size_t>(len));
    auto* at = out.data();
    i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at);
    return out;
}

base::result<spiffe::x509_ptr> make_certificate(certificate_parts const& parts) {
    spiffe::x509_ptr certificate{X509_new()};
    auto* const raw = certificate.get();
    auto const begin = asn1_time(parts.not_before);
    auto const end = asn1_time(parts.expires);
    if (raw == nullptr || !begin || !end || X509_set_version(raw, X509_VERSION_3) != 1 || !set_serial(raw) ||
        !set_subject(raw, parts) || X509_set1_notBefore(raw, begin.get()) != 1 || X509_set1_notAfter(raw, end.get()) != 1 ||
        X509_set_pubkey(raw, parts.key) != 1)
        return failed("making a certificate");
    auto* const signer = parts.ca != nullptr ? parts.ca : raw;
    if (X509_set_issuer_name(raw, X509_get_subject_name(signer)) != 1) return failed("making a certificate");
    X509V3_CTX context;
    X509V3_set_ctx(&context, signer, raw, nullptr, nullptr, 0);
    for (auto const& wanted : parts.extensions) {
        extension_ptr const made{X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value.c_str())};
        if (!made || X509_add_ext(raw, made.get(), -1) != 1) return failed("making a certificate's extension");
    }
    // Ed25519 hashes for itself.
    auto* const signing_key = parts.ca_key != nullptr ? parts.ca_key : parts.key;
    auto const* const digest = EVP_PKEY_get_base_id(signing_key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
    if (X509_sign(raw, signing_key, digest) <= 0) return failed("signing a certificate");
    return certificate;
}

base::result<spiffe::x509_ptr> self_signed_ca(EVP_PKEY* key, std::string const& trust_domain, base::system_time now,
                                              std::chrono::seconds ttl) {
    std::uint8_t tag[8];
    if (RAND_bytes(tag, sizeof tag) != 1) return failed("random bytes");
    return make_certificate({.key = key,
                             .not_before = now - std::chrono::seconds{10},
                             .expires = now + ttl,
                             .ca = nullptr,
                             .ca_key = nullptr,
                             .serial_in_subject = base::hex_encode(tag),
                             .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                            {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                            {NID_subject_key_identifier, "hash"},
                                            {NID_subject_alt_name, "URI:spiffe://" + trust_domain}}});
}

base::result<spiffe::x509_ptr> signed_leaf(EVP_PKEY* key, std::string const& id, base::system_time not_before,
                                           base::system_time expires, X509* ca, EVP_PKEY* ca_key) {
    return make_certificate({.key = key,
                             .not_before = not_before,
                             .expires = expires,
                             .ca = ca,
                             .ca_key = ca_key,
                             .serial_in_subject = {},
                             .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                                            {NID_key_usage, "critical,digitalSignature,keyEncipherment,keyAgreement"},
                                            {NID_ext_key_usage, "serverAuth,clientAuth"},
                                            {NID_subject_key_identifier, "hash"},
                                            {NID_authority_key_identifier, "keyid:always"},
                                            {NID_subject_alt_name, "URI:" + id}}});
}

std::string uri_of(X509* certificate) {
    std::unique_ptr<GENERAL_NAMES, spiffe::free_with<GENERAL_NAMES_free>> const names{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto const* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_URI) continue;
        auto const* const uri = name->d.uniformResourceIdentifier;
        return std::string(base::as_text({ASN1_STRING_get0_data(uri), static_cast<std::size_t>(ASN1_STRING_length(uri))}));
    }
    return {};
}

}  // namespace vsecm::identity
