// Whom to trust: the roots of each trust domain, and the judgement of a peer's chain by SPIFFE rules.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "spiffe/spiffe_id.hpp"

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

typedef struct x509_st X509;
struct stack_st_X509;

namespace vsecm::spiffe {

// Trust domain -> concatenated DER certificates. An empty domain trusts nothing.
using bundle_map = std::map<std::string, std::vector<std::uint8_t>>;

// One generation of roots: own trust domain and federated ones. Immutable once made; safe to share between loops.
class trust_bundles {
public:
    // A root of `own` that does not parse is errc::corrupt and names its domain. Federated bundles come from other
    // people's servers: one that is malformed, by name or by root, is left out with an error in the log, so that its
    // trust domain is unknown; the others, and our own identity, are not made to wait for its repair. A federated
    // bundle never replaces one of `own`. Each call gives a new generation number, unless the roots equal those of
    // `previous`: then that one is returned, so that nobody's remembered verdict is thrown away.
    static base::result<std::shared_ptr<trust_bundles const>> make(
        bundle_map const& own, bundle_map const& federated = {}, std::shared_ptr<trust_bundles const> previous = {});
    ~trust_bundles();

    std::uint64_t generation() const noexcept;
    std::size_t num_domains() const noexcept;
    // Whether this root (SHA-256 of its DER) is trusted for `trust_domain` in this generation.
    bool has_root(std::string_view trust_domain, std::array<std::uint8_t, 32> const& root) const noexcept;

    struct verdict {
        spiffe_id id;
        base::system_time expires;            // earliest notAfter of the whole verified chain, root included
        std::array<std::uint8_t, 32> root;    // SHA-256 of the trust anchor it led to
    };
    // Judges a presented chain (leaf, and any intermediates): exactly one URI SAN with a path, not a CA, no
    // certSign/crlSign, path to a root of the leaf's own trust domain at `now`, no weak key on the way.
    // errc::denied with the reason. Thread-safe.
    base::result<verdict> verify(X509* leaf, stack_st_X509* intermediates, base::system_time now) const;

private:
    trust_bundles();
    struct content;
    std::unique_ptr<content> content_;
};

// The present generation, shared by the source that replaces it and the connections that look back at it.
// load() and store() are thread-safe; generation() is one atomic read.
class bundle_holder {
public:
    std::shared_ptr<trust_bundles const> load() const noexcept { return current_.load(); }
    void store(std::shared_ptr<trust_bundles const> next) noexcept {
        auto const number = next->generation();
        current_.store(std::move(next));
        generation_.store(number);  // second: whoever sees the number also finds the bundles (or newer ones)
    }
    std::uint64_t generation() const noexcept { return generation_.load(); }

private:
    std::atomic<std::shared_ptr<trust_bundles const>> current_;
    std::atomic<std::uint64_t> generation_{0};
};

}  // namespace vsecm::spiffe
