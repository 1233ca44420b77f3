// Requests by route and status, and how long they took. Counted on every loop at once, so each loop has cells of its own.
#pragma once

#include "api/routes.hpp"
#include "metrics/page.hpp"

#include <memory>
#include <optional>

namespace vsecm::roles::safe {

class request_counts {
public:
    explicit request_counts(std::size_t num_loops);
    ~request_counts();

    // One answered request, on its loop. What was held waits for its secret and not for us: it counts, its time does not.
    struct request {
        api::route route = api::route::unknown;
        unsigned status = 500;
        std::optional<std::chrono::nanoseconds> took;  // nothing: it was held
    };
    void count(std::size_t loop, request const& one) noexcept;

    // vsecm_http_requests_total{route,code}, vsecm_http_held_requests_total{route,code} and
    // vsecm_http_request_duration_seconds{route}, of what has happened so far.
    void write(metrics::page& out) const;

private:
    struct cells;
    std::size_t num_loops_;
    std::unique_ptr<cells[]> loops_;
};

}  // namespace vsecm::roles::safe
