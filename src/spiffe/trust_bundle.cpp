#include "spiffe/trust_bundle.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "spiffe/openssl.hpp"
#include "spiffe/x509_svid.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <new>
#include <set>

namespace vsecm::spiffe {
namespace {

constexpr std::size_t max_roots_per_domain = 256;
constexpr int max_presented = 8;  // intermediates looked at; SPIRE nests two or three deep

std::uint64_t next_generation() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

struct trust_bundles::content {
    struct domain {
        x509_store_ptr store;
        std::set<fingerprint> roots;
    };
    std::uint64_t generation = 0;
    std::map<std::string, domain, std::less<>> domains;

    // Nothing of a domain with a malformed root is kept.
    base::status add(std::string name, base::byte_view joined) {
        domain added;
        added.store.reset(X509_STORE_new());
        if (!added.store) throw std::bad_alloc();
        auto parts = split_der(joined, max_roots_per_domain);
        if (!parts) return base::pass(std::move(parts), "the bundle of " + name);
        for (auto const part : *parts) {
            auto root = parse_certificate(part);
            if (!root) return base::pass(std::move(root), "the bundle of " + name);
            added.roots.insert(sha256_of(root->get()));
            X509_STORE_add_cert(added.store.get(), root->get());  // takes its own reference; a duplicate is fine
        }
        domains.insert_or_assign(std::move(name), std::move(added));
        return {};
    }

    base::status add_federated(std::string_view name, base::byte_view joined) {
        auto named = parse_trust_domain(name);
        if (!named) return base::fail(base::errc::corrupt, "the name of a federated bundle: {}", named.error().what);
        if (domains.contains(*named)) return {};
        return add(*std::move(named), joined);
    }

    bool same_roots(content const& other) const {
        return std::ranges::equal(domains, other.domains, [](auto const& a, auto const& b) {
            return a.first == b.first && a.second.roots == b.second.roots;
        });
    }
};

trust_bundles::trust_bundles() : content_(std::make_unique<content>()) {}
trust_bundles::~trust_bundles() = default;

base::result<std::shared_ptr<trust_bundles const>> trust_bundles::make(bundle_map const& own, bundle_map const& federated,
                                                                       std::shared_ptr<trust_bundles const> previous) {
    std::shared_ptr<trust_bundles> made(new trust_bundles());
    for (auto const& [name, joined] : own) VSECM_TRY_OK(made->content_->add(name, joined));
    for (auto const& [name, joined] : federated) {
        auto const added = made->content_->add_federated(name, joined);
        if (!added) base::log::error("federated_bundle_left_out", {{"reason", added.error().what}});
    }
    ERR_clear_error();
    if (previous && previous->content_->same_roots(*made->content_)) return previous;
    made->content_->generation = next_generation();
    return made;
}

std::uint64_t trust_bundles::generation() const noexcept { return content_->generation; }
std::size_t trust_bundles::num_domains() const noexcept { return content_->domains.size(); }

bool trust_bundles::has_root(std::string_view trust_domain, fingerprint const& root) const noexcept {
    auto const at = content_->domains.find(trust_domain);
    return at != content_->domains.end() && at->second.roots.contains(root);
}

base::result<trust_bundles::verdict> trust_bundles::verify(X509* leaf, STACK_OF(X509) * intermediates,
                                                           base::system_time now) const {
    VSECM_TRY(id, check_leaf(leaf));
    auto const at = content_->domains.find(id.trust_domain());
    if (at == content_->domains.end())
        return base::fail(base::errc::denied, "{}: nothing is known about the trust domain {}", id.text(), id.trust_domain());
    if (sk_X509_num(intermediates) > max_presented + 1)  // libssl counts the leaf among them
        return base::fail(base::errc::denied, "{}: more than {} certificates were presented", id.text(), max_presented);

    x509_store_ctx_ptr const ctx{X509_STORE_CTX_new()};
    if (!ctx || X509_STORE_CTX_init(ctx.get(), at->second.store.get(), leaf, intermediates) != 1) throw std::bad_alloc();
    auto* const rules = X509_STORE_CTX_get0_param(ctx.get());
    // Every certificate of a bundle is an anchor, self-signed or not, as in Go. Nothing is asked about extended key
    // usage or host names, and no purpose is set: SPIFFE IDs are all that counts.
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    X509_VERIFY_PARAM_set_depth(rules, max_presented);
    X509_VERIFY_PARAM_set_auth_level(rules, 2);  // no MD5 or SHA-1 signatures, nothing below 112 bits
    X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(
                                          std::chrono::time_point_cast<std::chrono::system_clock::duration>(now)));
    if (X509_verify_cert(ctx.get()) != 1) {
        auto const why = X509_STORE_CTX_get_error(ctx.get());
        ERR_clear_error();
        return base::fail(base::errc::denied, "{}: {}", id.text(), X509_verify_cert_error_string(why));
    }
    auto* const chain = X509_STORE_CTX_get0_chain(ctx.get());
    auto const num = sk_X509_num(chain);
    auto expires = base::never();
    for (int i = 0; i < num; ++i) {
        auto* const link = sk_X509_value(chain, i);
        if (auto good = check_key(link); !good) return base::fail(base::errc::denied, "{}: {}", id.text(), good.error().what);
        // OpenSSL also takes version 1 certificates and bare keyUsage for CAs; SPIFFE wants cA true. The anchor itself is
        // trusted as it stands.
        if (i > 0 && i + 1 < num && (X509_get_extension_flags(link) & EXFLAG_CA) == 0)
            return base::fail(base::errc::denied, "{}: an intermediate certificate is not a CA", id.text());
        expires = std::min(expires, not_after(link));
    }
    verdict found{id, expires, sha256_of(sk_X509_value(chain, num - 1))};
    // A leaf may stand in the bundle itself under PARTIAL_CHAIN; it must not vouch for itself.
    if (num < 2) return base::fail(base::errc::denied, "{}: its certificate is not issued by a root of its trust domain", id.text());
    return found;
}

}  // namespace vsecm::spiffe
