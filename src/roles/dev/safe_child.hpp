// The safe of a local system: a real `vsecm safe` in a process of its own, started again when it dies.
#pragma once

#include "base/child_process.hpp"
#include "net/asio.hpp"
#include "net/deadline.hpp"
#include "roles/dev/layout.hpp"

#include <string>
#include <vector>

namespace vsecm::roles::dev {

// On one loop. The child dies with this process, whatever ends it.
class safe_child {
public:
    // `inherited`: the NAME=value pairs of our own environment that safe is to see too.
    safe_child(net::executor loop, layout const& where, std::vector<std::string> inherited);

    // Starts it and waits until it serves. errc::unavailable if it ends or does not come up in time.
    net::awaitable<base::status> start();
    // Starts it again whenever it ends, at once the first time and more slowly when it keeps dying. Ends after stop().
    net::awaitable<void> supervise();
    // SIGTERM, and SIGKILL at the deadline.
    net::awaitable<void> stop(net::steady_clock::time_point deadline);
    ports const& bound() const noexcept { return ports_; }
    ::pid_t pid() const noexcept { return child_.pid(); }

private:
    base::status choose_ports(ports const& wanted);
    base::result<base::child_process> launch() const;
    base::status relaunch();
    net::awaitable<void> pause(std::chrono::milliseconds how_long);

    net::executor loop_;
    layout const& where_;
    std::vector<std::string> inherited_;
    ports ports_;
    base::child_process child_;
    bool stopping_ = false;
};

}  // namespace vsecm::roles::dev
