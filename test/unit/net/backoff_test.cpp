#include "net/backoff.hpp"

#include <catch2/catch_test_macros.hpp>

#include <limits>

using namespace vsecm::net;
using namespace std::chrono_literals;

TEST_CASE("pauses double up to the cap, and jitter stays below them") {
    backoff_policy const policy{100ms, 2.0, 1000ms, {}};
    CHECK(longest_pause(policy, 0) == 100ms);
    CHECK(longest_pause(policy, 1) == 200ms);
    CHECK(longest_pause(policy, 3) == 800ms);
    CHECK(longest_pause(policy, 4) == 1000ms);
    CHECK(longest_pause(policy, 4'000'000'000u) == 1000ms);
    CHECK(jittered_pause(policy, 1, 0) == 0ms);
    CHECK(jittered_pause(policy, 1, std::numeric_limits<std::uint64_t>::max()) == 200ms);
    CHECK(jittered_pause(policy, 1, std::numeric_limits<std::uint64_t>::max() / 2) == 100ms);
}

TEST_CASE("Q27: no setting makes the operation be skipped, panic or wait for ever") {
    for (int const attempts : {0, -1, -100, 1}) {
        backoff tries({100ms, 2.0, 1000ms, attempts});
        CHECK_FALSE(tries.next());  // the first try has happened; there is no pause after the last
    }
    backoff three({1ms, 2.0, 1ms, 3});
    CHECK(three.next());
    CHECK(three.next());
    CHECK_FALSE(three.next());
    three.reset();
    CHECK(three.next());

    CHECK(longest_pause({-5s, 2.0, 1s, {}}, 3) == 0ms);
    CHECK(longest_pause({0ms, 2.0, 1s, {}}, 3) == 0ms);
    CHECK(longest_pause({100ms, 0.5, 1s, {}}, 3) == 100ms);
    CHECK(longest_pause({100ms, -2.0, 1s, {}}, 3) == 100ms);
    CHECK(longest_pause({100ms, std::numeric_limits<double>::quiet_NaN(), 1s, {}}, 3) == 100ms);
    CHECK(longest_pause({100ms, std::numeric_limits<double>::infinity(), 1s, {}}, 3) == 1s);
    CHECK(longest_pause({5s, 2.0, -1s, {}}, 3) == 5s);
    auto const huge = std::chrono::milliseconds::max();
    CHECK(longest_pause({huge, 2.0, huge, {}}, 50) == huge);
    CHECK(jittered_pause({1s, 2.0, 1s, {}}, 0, 0x7fff'ffff'ffff'ffff) <= 1s);
}
