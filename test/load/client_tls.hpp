// The client's side of TLS: one context for all connections of a thread, and certificates nobody has seen before.
#pragma once

#include "load/settings.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace vsecm::load {

// Takes OpenSSL's error queue of this thread.
std::string tls_reason();

// Ends the process with a sentence if the settings' files are not what they should be. Connections must not outlive it.
class client_tls {
public:
    explicit client_tls(settings const& s);
    // A connection to be, in the client's role. With `ca_key` it has a leaf of its own: the settings' certificate with
    // another serial number, signed anew, so that no server's memory of clients helps it.
    SSL* new_connection();

private:
    struct free_it {
        void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
        void operator()(EVP_PKEY* k) const noexcept { EVP_PKEY_free(k); }
        void operator()(X509* c) const noexcept { X509_free(c); }
    };
    std::unique_ptr<X509, free_it> new_leaf() const;

    std::unique_ptr<SSL_CTX, free_it> ctx_;
    std::unique_ptr<EVP_PKEY, free_it> ca_key_;
};

}  // namespace vsecm::load
