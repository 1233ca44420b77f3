// A server with safe's identity that answers as it is told, and else with 400: without a server header, an original safe.
#pragma once

#include "support/process.hpp"

#include <chrono>
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
    // From now on; thread-safe. `asked`: "GET /workload/v1/secrets". Status 0: no answer for ten minutes.
    void answer(std::string const& asked, unsigned status, std::string body);
    void answer_fetch(unsigned status, std::string body) { answer("GET /workload/v1/secrets", status, std::move(body)); }
    void tag_anew();  // from now on each answer has an ETag that none had before; thread-safe
    void take_time(std::chrono::milliseconds longer);      // for each answer, from now on; thread-safe
    std::size_t num_fetches() const;                       // answered so far; thread-safe

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace vsecm::test
