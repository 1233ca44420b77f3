// A server with safe's identity that answers a workload's fetch as it is told: without a server header, an original safe.
#pragma once

#include "support/process.hpp"

#include <memory>
#include <string>

namespace vsecm::test {

// Runs on a thread of its own, on a free port of loopback.
class scripted_safe {
public:
    // `environment`: safe's own (system::environment_of("vsecm-safe")). Throws if it gives no identity.
    scripted_safe(environment_map const& environment, std::string server_header);
    ~scripted_safe();

    unsigned port() const;
    void answer_fetch(unsigned status, std::string body);  // from now on; thread-safe
    std::size_t num_fetches() const;                       // answered so far; thread-safe

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace vsecm::test
