#include "metrics/histogram.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <string>

using namespace vsecm::metrics;
using namespace std::chrono_literals;

TEST_CASE("the bounds ascend, and are called what they are") {
    std::chrono::nanoseconds before{0};
    for (auto const& bound : latency_bounds) {
        CHECK(bound.at_most > before);
        CHECK(std::strtod(std::string(bound.seconds).c_str(), nullptr) == std::chrono::duration<double>(bound.at_most).count());
        before = bound.at_most;
    }
}

TEST_CASE("a bound belongs to the bucket it ends") {
    latency_histogram h;
    h.observe(0ns);
    h.observe(100us);
    h.observe(100us + 1ns);
    h.observe(1s);
    h.observe(10s);
    h.observe(10s + 1ns);
    h.observe(24h);
    auto const counts = h.read();
    CHECK(counts.in_bucket[0] == 2);
    CHECK(counts.in_bucket[1] == 1);
    CHECK(counts.in_bucket[12] == 1);
    CHECK(counts.in_bucket[15] == 1);
    CHECK(counts.in_bucket[16] == 2);
    CHECK(counts.total() == 7);
    CHECK(counts.sum == 24h + 21s + 200us + 2ns);
    auto twice = counts;
    twice += counts;
    CHECK(twice.total() == 14);
    CHECK(twice.sum == 2 * counts.sum);
}
