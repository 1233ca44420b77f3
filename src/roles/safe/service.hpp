// The HTTP face of safe: admits each request, hands it to its handler, and writes the audit entry of the answer.
#pragma once

#include "net/http_server.hpp"
#include "roles/safe/admission.hpp"
#include "roles/safe/handlers/handler.hpp"
#include "roles/safe/journal.hpp"
#include "roles/safe/request_counts.hpp"
#include "roles/safe/vault.hpp"
#include "spiffe/svid_source.hpp"

#include <atomic>
#include <functional>
#include <memory>

namespace vsecm::roles::safe {

// Called on every loop at once. The phase and the vault are set by bootstrap on loop 0; a vault, once published, stays
// until the loops have ended.
class service final : public net::http_handler {
public:
    // Unseals with a key given by hand; set by bootstrap. Runs on the caller's loop, answers when the store is open: with a
    // warning for the operator, or nothing.
    using unseal_fn = std::function<net::awaitable<base::result<std::string>>(crypto::root_key key)>;

    service(spiffe::peer_policy const& policy, journal& audit, std::size_t num_loops) : policy_(policy), audit_(audit), requests_(num_loops) {}

    net::awaitable<net::http_response> handle(net::http_request& request, net::http_exchange& exchange) override;

    phase now() const noexcept { return phase_.load(std::memory_order_acquire); }
    void enter(phase p) noexcept { phase_.store(p, std::memory_order_release); }
    void publish(vault& opened) noexcept { vault_.store(&opened, std::memory_order_release); }  // before enter(serving)
    // Before the API opens:
    void use_identity(std::shared_ptr<spiffe::svid_source> identity) noexcept { identity_ = std::move(identity); }
    void on_unseal(unseal_fn unseal) { unseal_ = std::move(unseal); }
    void use_keeper(key_keeper& keeper) noexcept { keeper_ = &keeper; }
    void watch_counters(net::http_server const& server) noexcept { server_ = &server; }

    // On loop 0, at any time.
    void write_metrics(metrics::page& out) const;

private:
    net::awaitable<answer> dispatch(request_context& ctx, net::http_request& request, net::http_exchange& exchange);
    net::awaitable<answer> take_key(net::http_request& request);
    answer describe_status() const;
    void record(request_context const& ctx, net::http_request const& request, audit_rank rank, unsigned status) noexcept;

    spiffe::peer_policy const& policy_;
    std::shared_ptr<spiffe::svid_source> identity_;
    journal& audit_;
    request_counts requests_;
    std::atomic<phase> phase_{phase::starting};
    std::atomic<vault*> vault_{nullptr};
    unseal_fn unseal_;
    key_keeper* keeper_ = nullptr;
    net::http_server const* server_ = nullptr;
};

}  // namespace vsecm::roles::safe
