// The certificate-verify callback of both TLS roles: SPIFFE's judgement of a peer, remembered per thread.
#pragma once

#include "net/tls_context.hpp"
#include "spiffe/svid_source.hpp"
#include "spiffe/trust_bundle.hpp"

#include <atomic>
#include <memory>

namespace vsecm::spiffe {

// A peer whose chain led to a root of its trust domain. Shared by all connections of that leaf on a loop.
class verified_peer final : public net::tls_peer {
public:
    verified_peer(trust_bundles::verdict found, std::uint64_t generation, std::shared_ptr<bundle_holder const> bundles);
    std::string_view id() const noexcept override { return found_.id.text(); }
    // In date, and the root it led to is still trusted. One atomic read while the bundles do not change.
    bool still_valid(base::system_time now) const noexcept override;
    base::system_time expires() const noexcept { return found_.expires; }

private:
    trust_bundles::verdict found_;
    std::shared_ptr<bundle_holder const> bundles_;
    mutable std::atomic<std::uint64_t> good_in_;  // the newest generation its root was seen in
};

// What a context's callback needs; kept alive by tls_context::attached. Immutable, used by several loops at once.
//
// A verified leaf is remembered per thread (so without locks) under the bundle generation and the SHA-256 of its DER, until
// the earliest expiry of the chain that was verified. The rest of what the peer presents plays no part then: that a chain to
// a root exists was seen, and other intermediates take nothing away from it; a chain that lives longer is only looked at
// when the remembered one has expired. That the peer holds the leaf's key is checked by libssl on every handshake, and the
// authoriser is asked on every handshake.
class peer_verifier {
public:
    peer_verifier(std::shared_ptr<trust_bundles const> trusted, std::shared_ptr<bundle_holder const> present, authorizer accept,
                  base::clock const& clock);

    // Sets the callback; `this` must outlive the context (tls_context::attached).
    void install(ssl_ctx_st* ctx) const;

    // The judgement itself. `intermediates` may be null. errc::denied with the sentence.
    base::result<std::shared_ptr<verified_peer const>> judge(X509* leaf, stack_st_X509* intermediates) const;

private:
    std::shared_ptr<trust_bundles const> trusted_;
    std::shared_ptr<bundle_holder const> present_;
    authorizer accept_;
    base::clock const& clock_;
};

// For tests: leaves remembered by this thread.
std::size_t num_remembered_leaves() noexcept;

}  // namespace vsecm::spiffe
