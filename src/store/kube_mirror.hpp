// Secrets that are Kubernetes Secrets too: names with a prefix are kept equal to a Secret in each of their namespaces.
#pragma once

#include "gotmpl/options.hpp"
#include "kube/names.hpp"
#include "kube/service_account.hpp"
#include "net/backoff.hpp"
#include "store/mirror_table.hpp"
#include "store/watch_hub.hpp"

#include <functional>
#include <memory>

namespace vsecm::store {

struct mirror_options {
    std::string prefix = "k8s:";
    bool delete_secrets = false;                                // with the secret, or with the namespace taken from it
    bool enforce_dates = false;                                 // before and after its dates no value of it is in a Secret
    std::chrono::milliseconds sync_interval{300'000};           // what is there is looked at again, and mended
    std::chrono::milliseconds request_timeout{10'000};
    net::backoff_policy retry{.first = std::chrono::milliseconds(500), .factor = 2.0, .cap = std::chrono::seconds(60), .max_attempts = {}};
    std::size_t most_at_once = 16;                              // namespaces with a request under way
    gotmpl::render_options templates;
    kube::secret_ref untouchable;  // never written, never removed, whatever the store says: an adopted name may be this one's
};

// A lane for each namespace, with its own connection and its own pauses: what one of them refuses, or leaves hanging, delays no
// other; and in it each Secret has its own next time. A commit is seen by the hub of the mirror's loop. Everything but the two
// last members on that loop; what it started may go on until the loop ends, so store and hub outlive that.
class kube_mirror {
public:
    using spawn_fn = std::function<void(net::awaitable<void>)>;

    kube_mirror(secret_store& secrets, watch_hub& hub, std::shared_ptr<kube::service_account> account, net::executor loop, spawn_fn spawn,
                mirror_options options);
    ~kube_mirror();

    void start();  // looks at every name there is, deleted ones too
    void stop();   // nothing new is begun; what is under way is cut off

    // On any thread.
    mirror_table const& table() const noexcept;
    net::endpoint const& server() const noexcept;

private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace vsecm::store
