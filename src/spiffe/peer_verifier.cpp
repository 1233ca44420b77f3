#include "spiffe/peer_verifier.hpp"

#include "base/try.hpp"
#include "spiffe/openssl.hpp"

#include <openssl/ssl.h>

#include <cstring>
#include <unordered_map>

namespace vsecm::spiffe {
namespace {

struct leaf_key {
    std::uint64_t generation;
    fingerprint leaf;
    bool operator==(leaf_key const&) const noexcept = default;
};
struct leaf_key_hash {
    std::size_t operator()(leaf_key const& key) const noexcept {
        std::size_t head = 0;  // a SHA-256 is spread well enough already
        std::memcpy(&head, key.leaf.data(), sizeof head);
        return head ^ key.generation;
    }
};

// Two halves: when the younger is full it becomes the elder and the elder is dropped. Bounded, and no list to keep.
class leaf_memo {
public:
    std::shared_ptr<verified_peer const> find(leaf_key const& key, base::system_time now) {
        for (auto* const half : {&young_, &old_}) {
            auto const at = half->find(key);
            if (at == half->end()) continue;
            if (now < at->second->expires()) return at->second;
            half->erase(at);
        }
        return nullptr;
    }
    void remember(leaf_key const& key, std::shared_ptr<verified_peer const> peer) {
        if (young_.size() >= half_size) {
            old_ = std::move(young_);
            young_.clear();
        }
        young_.insert_or_assign(key, std::move(peer));
    }
    std::size_t size() const noexcept { return young_.size() + old_.size(); }

private:
    static constexpr std::size_t half_size = 4096;
    using half_map = std::unordered_map<leaf_key, std::shared_ptr<verified_peer const>, leaf_key_hash>;
    half_map young_;
    half_map old_;
};

leaf_memo& memo_of_this_thread() {
    static thread_local leaf_memo memo;
    return memo;
}

int error_of(base::error const& why) noexcept {
    return why.code == base::errc::timeout ? X509_V_ERR_CERT_HAS_EXPIRED : X509_V_ERR_CERT_REJECTED;
}

// Called by libssl in the middle of a handshake: nothing may be thrown through it.
int verify_callback(X509_STORE_CTX* ctx, void* self) noexcept {
    auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const leaf = X509_STORE_CTX_get0_cert(ctx);
    try {
        if (ssl == nullptr || leaf == nullptr) {
            X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
            return 0;
        }
        auto peer = static_cast<peer_verifier const*>(self)->judge(leaf, X509_STORE_CTX_get0_untrusted(ctx));
        if (peer) {
            net::attach_peer(ssl, *std::move(peer));
            X509_STORE_CTX_set_error(ctx, X509_V_OK);
            return 1;
        }
        X509_STORE_CTX_set_error(ctx, error_of(peer.error()));
        net::attach_refusal(ssl, std::move(peer).error().what);
    } catch (...) {
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_OUT_OF_MEM);
    }
    return 0;
}

}  // namespace

verified_peer::verified_peer(trust_bundles::verdict found, std::uint64_t generation, std::shared_ptr<bundle_holder const> bundles)
    : found_(std::move(found)), bundles_(std::move(bundles)), good_in_(generation) {}

bool verified_peer::still_valid(base::system_time now) const noexcept {
    if (now >= found_.expires) return false;
    if (bundles_->generation() == good_in_.load(std::memory_order_relaxed)) return true;
    auto const bundles = bundles_->load();
    if (!bundles || !bundles->has_root(found_.id.trust_domain(), found_.root)) return false;
    good_in_.store(bundles->generation(), std::memory_order_relaxed);
    return true;
}

peer_verifier::peer_verifier(std::shared_ptr<trust_bundles const> trusted, std::shared_ptr<bundle_holder const> present,
                             authorizer accept, base::clock const& clock)
    : trusted_(std::move(trusted)), present_(std::move(present)), accept_(std::move(accept)), clock_(clock) {}

void peer_verifier::install(ssl_ctx_st* ctx) const {
    SSL_CTX_set_cert_verify_callback(ctx, verify_callback, const_cast<peer_verifier*>(this));
}

base::result<std::shared_ptr<verified_peer const>> peer_verifier::judge(X509* leaf, STACK_OF(X509) * intermediates) const {
    auto const now = clock_.now();
    leaf_key const key{trusted_->generation(), sha256_of(leaf)};
    auto& memo = memo_of_this_thread();
    auto peer = memo.find(key, now);
    if (!peer) {
        VSECM_TRY(found, trusted_->verify(leaf, intermediates, now));
        peer = std::make_shared<verified_peer const>(std::move(found), key.generation, present_);
        memo.remember(key, peer);
    }
    if (accept_) VSECM_TRY_OK(accept_(peer->id()));
    return peer;
}

std::size_t num_remembered_leaves() noexcept { return memo_of_this_thread().size(); }

}  // namespace vsecm::spiffe
