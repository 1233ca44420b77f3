// What a safe has of a Kubernetes cluster: the way to its API server, the root key that may be kept there, and the Secrets that
// its k8s: names become.
#pragma once

#include "codec/json_writer.hpp"
#include "config/settings.hpp"
#include "kube/service_account.hpp"
#include "net/runtime.hpp"
#include "roles/safe/root_key_store.hpp"
#include "roles/safe/vault.hpp"

#include <memory>

namespace vsecm::roles::safe {

// Null where there is no API server. errc::invalid if its address is none.
base::result<std::shared_ptr<kube::service_account>> open_account(config::safe_settings const& settings);

// As the settings say: null where the key is in memory only; k8s needs an account.
std::unique_ptr<root_key_store> make_root_key_store(config::safe_settings const& settings, std::shared_ptr<kube::service_account> account,
                                                    net::executor loop);

// On loop 0 of `loops`, which the vault's first hub is on; started. Both outlive what the loops run.
std::unique_ptr<store::kube_mirror> start_mirror(config::safe_settings const& settings, vault& opened, std::shared_ptr<kube::service_account> account,
                                                 net::runtime& loops);

// The value of "kubernetes" in safe's status: the counts, and each Secret, failing ones first, a thousand at most.
void describe_mirror(codec::json_writer& out, store::kube_mirror const& mirror);

// Found out before it is stored. errc::invalid for a k8s: name, or a namespace with one, that Kubernetes would not take;
// errc::denied for one that would become the root key's Secret.
base::status check_for_kubernetes(std::vector<std::string> const& names, std::vector<std::string> const& namespaces, name_rules const& rules);

}  // namespace vsecm::roles::safe
