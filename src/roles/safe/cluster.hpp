// What a safe has of a Kubernetes cluster: the way to its API server, and the root key that may be kept there.
#pragma once

#include "config/settings.hpp"
#include "kube/service_account.hpp"
#include "roles/safe/root_key_store.hpp"

#include <memory>

namespace vsecm::roles::safe {

// Null where there is no API server. errc::invalid if its address is none.
base::result<std::shared_ptr<kube::service_account>> open_account(config::safe_settings const& settings);

// As the settings say: null where the key is in memory only; k8s needs an account.
std::unique_ptr<root_key_store> make_root_key_store(config::safe_settings const& settings, std::shared_ptr<kube::service_account> account,
                                                    net::executor loop);

}  // namespace vsecm::roles::safe
