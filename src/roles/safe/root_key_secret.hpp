// The root key in a Kubernetes Secret (VSECM_SAFE_ROOT_KEY_STORE=k8s), where the original keeps it and as it does: three
// lines of text, or more of ours, under one data key.
#pragma once

#include "kube/secrets_api.hpp"
#include "roles/safe/root_key_store.hpp"

#include <chrono>

namespace vsecm::roles::safe {

struct root_key_secret_options {
    kube::secret_ref where;
    std::string mounted_path;            // the same Secret as the kubelet mounts it, which is as it was a while ago
    std::chrono::milliseconds patience;  // how long an API server that cannot answer now is asked again
    std::string data_path{};             // where the store remembers the key it was used with; empty: nowhere
};

// The live object decides, never the mounted file (Q7): that one lags behind, and is used where the object cannot be read,
// or holds no key any more; but not if the data has come under another key since. Writes carry the resourceVersion that was
// read, and touch nothing else of the object.
class root_key_secret final : public root_key_store {
public:
    root_key_secret(kube::secrets_api api, root_key_secret_options options) : api_(std::move(api)), options_(std::move(options)) {}

    net::awaitable<base::result<std::optional<crypto::root_key>>> load() override;
    net::awaitable<base::status> create(crypto::root_key const& key) override;
    net::awaitable<base::status> replace(crypto::root_key const& seen, crypto::root_key const& next) override;
    std::string describe() const override { return "Kubernetes " + options_.where.text(); }

private:
    // The object, or nothing if there is none; asks again while the server cannot answer.
    net::awaitable<base::result<std::optional<kube::secret_object>>> read(net::steady_clock::time_point deadline);
    // What is mounted, if there is a key and it is not one from before a rotation.
    std::optional<crypto::root_key> mounted_copy() const;
    // Writes `next` where `expected` is now (null: where no key is).
    net::awaitable<base::status> write(crypto::root_key const* expected, crypto::root_key const& next);
    net::awaitable<kube::api_status> write_once(std::optional<kube::secret_object> const& there, crypto::root_key const& next);
    base::error explained(kube::api_failure&& why) const;

    kube::secrets_api api_;
    root_key_secret_options options_;
};

}  // namespace vsecm::roles::safe
