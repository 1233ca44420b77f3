// Waiting for Secrets of Kubernetes.
#pragma once

#include "config/settings.hpp"
#include "kube/names.hpp"
#include "kube/service_account.hpp"
#include "net/asio.hpp"

#include <string_view>
#include <vector>

namespace vsecm::roles::init {

// "NAMESPACE/NAME", or "NAME" of the pod's own namespace (its space is empty then). errc::invalid with what is wrong.
base::result<kube::secret_ref> parse_secret_ref(std::string_view text);

struct secret_wait {
    std::vector<kube::secret_ref> wanted;
    std::chrono::milliseconds pause{5'000};      // between two looks
    std::chrono::milliseconds request_timeout{10'000};
    bool once = false;                           // the first thing in the way ends it
};

// errc::invalid, naming the variable: there is no API server, or its address is none.
base::result<std::shared_ptr<kube::service_account>> open_account(config::kubernetes_settings const& settings);

// Until each of them is there and holds something; gives how many they are. What is in the way is logged once a reason, and is
// in `newest` too, and is the error if it was to look once. Cancelled only with its loop. errc::invalid: a namespace is needed
// and the pod tells none.
net::awaitable<base::result<std::size_t>> wait_for_secrets(std::shared_ptr<kube::service_account> account, secret_wait what, base::error& newest);

}  // namespace vsecm::roles::init
