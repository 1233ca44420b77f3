// Making keys and certificates of the shapes SPIRE makes. Internal to the room.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secure_buffer.hpp"
#include "spiffe/openssl.hpp"

#include <string>
#include <vector>

namespace vsecm::identity {

// Drains OpenSSL's error queue of this thread into one sentence.
std::string openssl_error();

base::result<spiffe::pkey_ptr> new_p256_key();
base::result<base::secure_buffer> pkcs8_of(EVP_PKEY* key);

// Valid from a little before `now`.
base::result<spiffe::x509_ptr> self_signed_ca(EVP_PKEY* key, std::string const& trust_domain, base::system_time now,
                                              std::chrono::seconds ttl);
base::result<spiffe::x509_ptr> signed_leaf(EVP_PKEY* key, std::string const& id, base::system_time not_before,
                                           base::system_time expires, X509* ca, EVP_PKEY* ca_key);
// The first URI SAN; "" if there is none.
std::string uri_of(X509* certificate);

// One certificate with exactly these parts; what the two above are made of, and what tests make wrong ones of.
// Extension values are in OpenSSL's configuration syntax.
struct extension {
    int nid;
    std::string value;
};
struct certificate_parts {
    EVP_PKEY* key = nullptr;
    base::system_time not_before{};
    base::system_time expires{};
    X509* ca = nullptr;  // null: signs itself
    EVP_PKEY* ca_key = nullptr;
    std::string serial_in_subject;  // tells CAs of one trust domain apart
    std::vector<extension> extensions;
};
base::result<spiffe::x509_ptr> make_certificate(certificate_parts const& parts);

}  // namespace vsecm::identity
