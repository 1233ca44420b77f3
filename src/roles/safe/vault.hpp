// Everything an unsealed safe has: the root key, the cipher, the store, and a watch hub on each loop. Handlers work on it.
#pragma once

#include "api/secret.hpp"
#include "config/settings.hpp"
#include "crypto/value_cipher.hpp"
#include "roles/safe/rendering_slots.hpp"
#include "store/kube_mirror.hpp"
#include "store/secret_store.hpp"
#include "store/watch_hub.hpp"

#include <memory>
#include <vector>

namespace vsecm::roles::safe {

enum class isolation { enforce, warn, off };

// What names mean to a safe.
struct name_rules : api::name_prefixes {
    kube::secret_ref root_key;  // the Secret no name may become: it may hold the key of everything
};

// Made once, when the root key is known; lives until the loops have ended. The store inside is thread-safe; hub(i) belongs
// to loop i; the rest never changes.
class vault {
public:
    // Opens the store (blocking: it reads and decrypts everything). errc as secret_store::open and open_file_backend.
    // `has_namespaces`: the configured ID layout carries one, else isolation is off.
    static base::result<std::unique_ptr<vault>> open(config::safe_settings const& settings, std::shared_ptr<crypto::root_key const> key,
                                                     bool has_namespaces, base::clock const& clock);

    // Room for the hubs of so many loops; before any add_hub().
    void prepare_hubs(std::size_t num_loops) { hubs_.resize(num_loops); }
    // On loop `index`, before the first request there.
    void add_hub(std::size_t index, net::executor loop);

    // The mirror to Kubernetes, where there is an API server; before the vault is published.
    void keep(std::unique_ptr<store::kube_mirror> mirror) noexcept { mirror_ = std::move(mirror); }

    store::secret_store& secrets() noexcept { return *store_; }
    store::secret_store const& secrets() const noexcept { return *store_; }
    store::watch_hub& hub(std::size_t loop) noexcept { return *hubs_[loop]; }
    store::kube_mirror* mirror() const noexcept { return mirror_.get(); }  // null: there is none
    crypto::value_cipher const& cipher() const noexcept { return *cipher_; }
    crypto::value_cipher& cipher() noexcept { return *cipher_; }
    name_rules const& prefixes() const noexcept { return prefixes_; }
    config::safe_settings const& settings() const noexcept { return settings_; }
    isolation namespaces() const noexcept { return isolation_; }
    base::clock const& clock() const noexcept { return clock_; }
    rendering_slots& renderings() noexcept { return renderings_; }
    // As a workload may see it now: dates count only where they are enforced. `secret` may be null.
    store::visibility seen(store::secret_ptr const& secret) const noexcept;

private:
    vault(config::safe_settings const& settings, base::clock const& clock);

    config::safe_settings const& settings_;
    base::clock const& clock_;
    name_rules prefixes_;
    std::shared_ptr<crypto::value_cipher> cipher_;
    std::unique_ptr<store::secret_store> store_;
    std::vector<std::unique_ptr<store::watch_hub>> hubs_;
    std::unique_ptr<store::kube_mirror> mirror_;
    isolation isolation_ = isolation::enforce;
    rendering_slots renderings_{4};
};

}  // namespace vsecm::roles::safe
