// A running local system: the issuer with its sockets, and safe. What `vsecm dev` is while it runs.
#pragma once

#include "identity/workload_api_server.hpp"
#include "net/runtime.hpp"
#include "roles/dev/command_line.hpp"
#include "roles/dev/safe_child.hpp"

#include <boost/asio/signal_set.hpp>

#include <optional>

namespace vsecm::roles::dev {

// Made before the loop runs, destroyed after it has ended.
class local_system {
public:
    local_system(net::runtime& loop, layout where, command asked, std::vector<std::string> inherited);
    // Serves every identity, starts safe, and tells how to use it.
    net::awaitable<base::status> start();

private:
    base::status serve_identities();
    base::status add(identity_name const& who);
    base::status add_listed();
    // The list of workloads was changed by `dev add`, which then sent SIGHUP.
    base::status take_up_new_workloads();
    net::awaitable<void> watch_for_additions();
    void tell_how_to_use() const;

    net::runtime& loop_;
    layout where_;
    command asked_;
    std::vector<identity_name> workloads_;
    std::optional<identity::issuer> issuer_;
    std::optional<identity::workload_api_server> sockets_;
    safe_child safe_;
    net::asio::basic_signal_set<net::executor> additions_;
};

}  // namespace vsecm::roles::dev
