// Liveness, readiness and metrics over plain HTTP, for the kubelet, load balancers and Prometheus.
#pragma once

#include "base/file.hpp"
#include "metrics/exposition.hpp"
#include "net/runtime.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace vsecm::net {

// Nothing: well (200 "OK"). A sentence: not (503 with it). Called on the probe's loop, so it must not block.
using probe_check = std::function<std::optional<std::string>()>;

// Any method on / or any other path asks `check`, as the original does; /livez and /healthz ask `live`, /readyz asks
// `ready` where given, else `check`; /metrics is what `metrics` tells, 404 where there is none. Bounded: 64 connections (one more
// cuts the oldest), 4 KiB, 5 s, one request each.
struct probe_checks {
    probe_check check;
    probe_check live;   // may be empty
    probe_check ready;  // may be empty
    std::shared_ptr<metrics::exposition const> metrics{};  // may be null
};

class probe_server {
public:
    probe_server(runtime& loops, base::unique_fd listener, probe_checks checks);
    ~probe_server();
    void start();  // on loop 0
    std::uint16_t port() const noexcept;
    void stop();

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace vsecm::net
