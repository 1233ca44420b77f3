// The embedded identity issuer of `vsecm dev` and of tests: a P-256 CA of one trust domain that mints X.509-SVIDs.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secure_buffer.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vsecm::identity {

using der = std::vector<std::uint8_t>;

struct minted_svid {
    std::string id;
    der chain;                 // leaf only: the CA is self-signed
    base::secure_buffer key;   // PKCS#8
    base::system_time not_before;
    base::system_time expires;
};

struct issuer_options {
    std::string trust_domain = "vsecm.com";
    std::chrono::seconds ca_ttl{std::chrono::hours{24 * 365}};
    std::chrono::seconds svid_ttl{std::chrono::hours{1}};
    base::clock const* clock = nullptr;  // default: the system's
};

// Single-threaded: used from one loop.
class issuer {
public:
    // A CA that lives as long as this object.
    static base::result<issuer> ephemeral(issuer_options options);
    // Reads `<folder>/ca.pem` (0600: the key, its certificate, then older roots), or makes and stores it. A damaged file
    // (errc::corrupt), or one of another trust domain (errc::conflict), is never replaced silently. A CA that has expired
    // or soon will is renewed.
    static base::result<issuer> open(std::string const& folder, issuer_options options);
    issuer(issuer&&) noexcept;
    issuer& operator=(issuer&&) noexcept;
    ~issuer();

    // A fresh key and leaf for `id` (SPIFFE ID with a path in our trust domain, else errc::invalid). Lifetime is `ttl`
    // (zero: the issuer's), capped by the CA's.
    base::result<minted_svid> mint(std::string_view id, std::chrono::seconds ttl = std::chrono::seconds{0});
    // A new CA key, stored before it is used; SVIDs minted from now on are signed by it, and the old root stays in bundle()
    // until it expires.
    base::status rotate_ca();
    // True in the last sixth of the CA's life, or when an SVID of the usual length no longer fits twice.
    bool ca_is_old() const;

    std::string const& trust_domain() const noexcept;
    der bundle() const;  // concatenated roots of our trust domain
    // Roots of other trust domains, handed out beside our own.
    void set_federated(std::string trust_domain, der roots);
    std::map<std::string, der> const& federated() const noexcept;
    base::clock const& clock() const noexcept;
    std::chrono::seconds svid_ttl() const noexcept;

private:
    struct state;
    explicit issuer(std::unique_ptr<state> s);
    std::unique_ptr<state> state_;
};

}  // namespace vsecm::identity
