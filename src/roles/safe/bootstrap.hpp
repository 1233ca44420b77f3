// From nothing to Ready, in the order of contract 1.1 with its faults left out: liveness, identity, root key, store, API,
// readiness. Nothing answers on the API before identity and (but for a key given by hand) root key and store are there.
#pragma once

#include "net/probes.hpp"
#include "roles/safe/cluster.hpp"
#include "roles/safe/service.hpp"

#include <memory>
#include <optional>

namespace vsecm::roles::safe {

// Everything a running safe is made of. Made before the loops run and destroyed after they ended; start() on loop 0.
class bootstrap {
public:
    bootstrap(config::safe_settings const& settings, spiffe::peer_policy const& policy, net::runtime& loops, journal& audit);
    ~bootstrap();

    // Ends when safe serves (or is sealed and waits). The error's code decides the exit status.
    net::awaitable<base::status> start();

private:
    base::status open_probes();
    std::shared_ptr<metrics::exposition const> metrics_page() const;  // null: turned off
    base::status open_api();
    base::status write_ports_file() const;
    std::optional<std::string> not_ready(bool sealed_counts) const;
    std::optional<std::string> not_alive() const;
    // Opens the store on a thread of its own (it reads and decrypts for up to a second), then publishes it.
    net::awaitable<base::status> open_vault(crypto::root_key key);
    // Serves with the key that is stored, or is sealed and waits for one.
    net::awaitable<base::status> find_root_key();
    net::awaitable<base::result<std::string>> unseal(crypto::root_key key);
    net::awaitable<base::result<std::string>> unseal_on_first_loop(crypto::root_key key);
    net::awaitable<void> shut_down(net::steady_clock::time_point deadline);

    config::safe_settings const& settings_;
    spiffe::peer_policy const& policy_;
    net::runtime& loops_;
    std::shared_ptr<spiffe::svid_source> identity_;
    service service_;
    std::shared_ptr<kube::service_account> account_;  // null: there is no API server
    std::unique_ptr<root_key_store> keys_;         // null: the key is in memory only
    std::optional<key_keeper> keeper_;
    std::unique_ptr<vault> vault_;
    std::optional<net::http_server> api_;
    std::optional<net::probe_server> liveness_, readiness_;
};

}  // namespace vsecm::roles::safe
