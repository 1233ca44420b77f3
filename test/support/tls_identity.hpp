// A certificate authority and leaves for tests of TLS, made on the spot; and contexts that trust it without SPIFFE.
#pragma once

#include "base/bytes.hpp"
#include "net/tls_context.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace vsecm::test {

// What the other side's certificate said. `valid` can be taken away during a connection.
class named_peer final : public net::tls_peer {
public:
    named_peer(std::string id, std::shared_ptr<std::atomic<bool>> valid) : id_(std::move(id)), valid_(std::move(valid)) {}
    std::string_view id() const noexcept override { return id_; }
    bool still_valid(base::system_time) const noexcept override { return *valid_; }

private:
    std::string id_;
    std::shared_ptr<std::atomic<bool>> valid_;
};

struct x509_deleter {
    void operator()(X509* c) const noexcept { X509_free(c); }
    void operator()(EVP_PKEY* k) const noexcept { EVP_PKEY_free(k); }
};
using certificate = std::unique_ptr<X509, x509_deleter>;
using private_key = std::unique_ptr<EVP_PKEY, x509_deleter>;

struct leaf {
    certificate cert;
    private_key key;
    std::string cert_pem() const;
    std::string key_pem() const;
};

// A P-256 CA. One per test case is cheap.
class test_ca {
public:
    test_ca();
    // A leaf with the URI SAN `id`, good for both ends.
    leaf issue(std::string const& id) const { return issue_for("URI:" + id); }
    // The same with any SAN, as OpenSSL writes them: "IP:127.0.0.1", "DNS:localhost".
    leaf issue_for(std::string const& subject_alt_name) const;
    X509* cert() const noexcept { return cert_.get(); }
    std::string cert_pem() const;

    // A context that shows `own` and accepts leaves of this CA only; the peer's id is its URI SAN. `peers_valid` is what
    // still_valid() of every peer says.
    std::shared_ptr<net::tls_context const> context(net::tls_role role, leaf const& own,
        std::string_view groups = net::default_groups, std::shared_ptr<std::atomic<bool>> peers_valid = nullptr,
        std::uint64_t generation = 1) const;
    // The same without a certificate of one's own.
    std::shared_ptr<net::tls_context const> anonymous_client() const;
    // A server by that SAN which asks nobody for a certificate.
    std::shared_ptr<net::tls_context const> server_context(std::string const& subject_alt_name) const;

private:
    private_key key_;
    certificate cert_;
};

std::shared_ptr<net::tls_source const> source_of(std::shared_ptr<net::tls_context const> context);

}  // namespace vsecm::test
