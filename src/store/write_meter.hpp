// What the store's writer has done since the start, for a scrape.
#pragma once

#include "metrics/histogram.hpp"
#include "store/backend.hpp"

#include <algorithm>

namespace vsecm::store {

struct write_counts {
    std::uint64_t num_done = 0;        // requests whose changes are durable
    std::uint64_t num_failed = 0;      // requests that the disk refused, and repairs that failed
    metrics::histogram_counts rounds;  // how long the backend took for a batch, its syncs included
};

// Counted by the writer, read by anybody.
class write_meter {
public:
    void apply(backend& behind, std::span<write_group> groups, bool settling) {
        auto const begun = std::chrono::steady_clock::now();
        behind.apply(groups, settling);
        rounds_.observe(std::chrono::steady_clock::now() - begun);
        auto const failed = static_cast<std::uint64_t>(std::ranges::count_if(groups, [](write_group const& g) { return !g.outcome; }));
        failed_.add(failed);
        if (!settling) done_.add(groups.size() - failed);
    }
    // Requests that were not tried, because an earlier failure is not repaired yet.
    void refuse(std::size_t num_requests) noexcept { failed_.add(num_requests); }

    write_counts read() const noexcept { return {done_.value(), failed_.value(), rounds_.read()}; }

private:
    metrics::tally done_, failed_;
    metrics::latency_histogram rounds_;
};

}  // namespace vsecm::store
