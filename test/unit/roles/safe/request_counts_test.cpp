#include "roles/safe/request_counts.hpp"

#include <catch2/catch_test_macros.hpp>

#include <thread>
#include <vector>

using namespace vsecm;
using namespace vsecm::roles::safe;
using namespace std::chrono_literals;
using api::route;

namespace {

std::string written(request_counts const& counts) {
    metrics::page page(metrics::format::text);
    counts.write(page);
    return std::move(page).finish();
}

}  // namespace

TEST_CASE("requests are counted by route and status, over all loops") {
    request_counts counts(3);
    auto const nothing = written(counts);
    CHECK_FALSE(nothing.contains("\nvsecm_http"));  // families, but no samples
    counts.count(0, {route::fetch, 200, 200us});
    counts.count(2, {route::fetch, 200, 300us});
    counts.count(1, {route::unknown, 400, 1us});
    counts.count(1, {route::upsert, 507, 20s});
    counts.count(1, {route::status, 299, 1us});
    auto const text = written(counts);
    CHECK(text.contains("\nvsecm_http_requests_total{route=\"fetch\",code=\"200\"} 2\n"));
    CHECK(text.contains("\nvsecm_http_requests_total{route=\"unknown\",code=\"400\"} 1\n"));
    CHECK(text.contains("\nvsecm_http_requests_total{route=\"upsert\",code=\"507\"} 1\n"));
    CHECK(text.contains("\nvsecm_http_requests_total{route=\"status\",code=\"other\"} 1\n"));
    CHECK(text.contains("\nvsecm_http_request_duration_seconds_bucket{route=\"fetch\",le=\"0.00025\"} 1\n"));
    CHECK(text.contains("\nvsecm_http_request_duration_seconds_bucket{route=\"fetch\",le=\"0.0005\"} 2\n"));
    CHECK(text.contains("\nvsecm_http_request_duration_seconds_sum{route=\"fetch\"} 0.0005\n"));
    CHECK(text.contains("\nvsecm_http_request_duration_seconds_bucket{route=\"upsert\",le=\"10.0\"} 0\n"));
    CHECK_FALSE(text.contains("\nvsecm_http_held_requests_total{"));
}

TEST_CASE("a held request counts, and its time does not") {
    request_counts counts(1);
    counts.count(0, {route::fetch, 304, std::nullopt});
    counts.count(0, {route::fetch, 304, 100us});
    auto const text = written(counts);
    CHECK(text.contains("\nvsecm_http_requests_total{route=\"fetch\",code=\"304\"} 2\n"));
    CHECK(text.contains("\nvsecm_http_held_requests_total{route=\"fetch\",code=\"304\"} 1\n"));
    CHECK(text.contains("\nvsecm_http_request_duration_seconds_count{route=\"fetch\"} 1\n"));
}

TEST_CASE("nothing is lost when every loop counts at once and somebody reads") {
    constexpr std::size_t num_loops = 4, each = 20'000;
    request_counts counts(num_loops);
    std::vector<std::thread> loops;
    for (std::size_t loop = 0; loop < num_loops; ++loop)
        loops.emplace_back([&, loop] {
            for (std::size_t i = 0; i < each; ++i) counts.count(loop, {route::list, 200, 1us});
        });
    for (int i = 0; i < 20; ++i) CHECK_FALSE(written(counts).empty());
    for (auto& loop : loops) loop.join();
    CHECK(written(counts).contains("\nvsecm_http_requests_total{route=\"list\",code=\"200\"} 80000\n"));
    CHECK(written(counts).contains("\nvsecm_http_request_duration_seconds_sum{route=\"list\"} 0.08\n"));
}
