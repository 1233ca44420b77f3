// Certificates of every shape, right and wrong, for the tests of this room.
#pragma once

#include "base/process.hpp"
#include "identity/certificate.hpp"
#include "spiffe/x509_svid.hpp"

#include <catch2/catch_test_macros.hpp>
#include <openssl/rsa.h>

#include <string>
#include <vector>

namespace vsecm::test {

using namespace std::chrono_literals;

// Guarded memory wants this before its first use.
inline bool const process_ready = base::harden_process().has_value();

inline base::system_time now() { return base::system_clock().now(); }

inline spiffe::der der_of(X509* certificate) {
    std::uint8_t* raw = nullptr;
    int const len = i2d_X509(certificate, &raw);
    spiffe::der out(raw, raw + len);
    OPENSSL_free(raw);
    return out;
}

inline spiffe::der joined(std::vector<spiffe::der> const& parts) {
    spiffe::der out;
    for (auto const& part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
}

inline spiffe::pkey_ptr key_of(char const* kind) {
    std::string const name = kind;
    if (name == "ed25519") return spiffe::pkey_ptr{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
    if (name.starts_with("rsa")) return spiffe::pkey_ptr{EVP_RSA_gen(static_cast<unsigned>(std::stoi(name.substr(3))))};
    return spiffe::pkey_ptr{EVP_EC_gen(kind)};
}

struct pair {
    spiffe::pkey_ptr key;
    spiffe::x509_ptr certificate;
    spiffe::der bytes() const { return der_of(certificate.get()); }
    base::secure_buffer pkcs8() const { return identity::pkcs8_of(key.get()).value(); }
};

struct shape {
    std::string san = "URI:spiffe://td/workload";
    std::string constraints = "critical,CA:FALSE";
    std::string usage = "critical,digitalSignature,keyEncipherment,keyAgreement";
    std::string extended_usage = {};
    char const* key = "P-256";
    std::chrono::nanoseconds begins = -10s;
    std::chrono::nanoseconds lives = 1h;
};

inline pair make(shape const& s, pair const* issuer = nullptr) {
    pair made{key_of(s.key), nullptr};
    identity::certificate_parts parts;
    parts.key = made.key.get();
    parts.not_before = now() + s.begins;
    parts.expires = now() + s.lives;
    if (issuer != nullptr) {
        parts.ca = issuer->certificate.get();
        parts.ca_key = issuer->key.get();
    }
    static int serial = 0;
    parts.serial_in_subject = std::to_string(++serial);
    if (!s.constraints.empty()) parts.extensions.push_back({NID_basic_constraints, s.constraints});
    if (!s.usage.empty()) parts.extensions.push_back({NID_key_usage, s.usage});
    if (!s.extended_usage.empty()) parts.extensions.push_back({NID_ext_key_usage, s.extended_usage});
    if (!s.san.empty()) parts.extensions.push_back({NID_subject_alt_name, s.san});
    auto certificate = identity::make_certificate(parts);
    REQUIRE(certificate);
    made.certificate = *std::move(certificate);
    return made;
}

inline shape ca_shape(std::string trust_domain = "td") {
    shape s;
    s.san = "URI:spiffe://" + trust_domain;
    s.constraints = "critical,CA:TRUE";
    s.usage = "critical,keyCertSign,cRLSign";
    s.lives = 24h;
    return s;
}

// A shape that must be refused, and a piece of the sentence that says why.
struct bad_shape {
    shape bad;
    std::string_view why;
};

// What neither an own SVID nor a peer's may be.
inline std::vector<bad_shape> shapes_nobody_takes() {
    return {
        {{.san = ""}, "no URI SAN"},
        {{.san = "DNS:example.org"}, "no URI SAN"},
        {{.san = "email:a@b.c"}, "no URI SAN"},
        {{.san = "URI:spiffe://td/workload,URI:spiffe://td/second"}, "more than one URI SAN"},
        {{.san = "URI:spiffe://td/workload,URI:https://td"}, "more than one URI SAN"},
        {{.san = "URI:https://td/workload"}, "not a SPIFFE ID"},
        {{.san = "URI:spiffe://td/workload/"}, "not a SPIFFE ID"},
        {{.san = "URI:spiffe://td"}, "names a trust domain"},
        {{.constraints = "critical,CA:TRUE"}, "CA certificate"},
        {{.usage = "critical,digitalSignature,keyCertSign"}, "may sign"},
        {{.usage = "critical,digitalSignature,cRLSign"}, "may sign"},
        {{.key = "rsa1024"}, ""},
        {{.key = "secp256k1"}, "secp256k1"},
    };
}

template <class Result>
void check_refused(Result const& found, base::errc code, std::string_view why) {
    CAPTURE(why);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == code);
    CHECK(found.error().what.contains(why));
}

}  // namespace vsecm::test
