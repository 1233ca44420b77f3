#include "store/mirror_table.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace vsecm;
using namespace vsecm::store;

namespace {

// As somebody would count who looks through all of them.
std::map<std::string, mirror_counts> looked_through(mirror_table const& table) {
    std::map<std::string, mirror_counts> counted;
    for (auto const& entry : table.entries(1000)) {
        auto& of_space = counted[entry.space];
        ++(entry.state == mirror_state::synced ? of_space.synced : entry.state == mirror_state::failing ? of_space.failing : of_space.waiting);
    }
    return counted;
}

}  // namespace

TEST_CASE("the counts kept are those of the entries, whatever happened to them") {
    base::manual_clock const clock(base::parse_rfc3339("2024-01-02T15:04:05Z").value());
    mirror_table table(clock);
    std::mt19937 dice(7);
    for (int i = 0; i < 3000; ++i) {
        auto const name = "k8s:" + std::to_string(dice() % 7), space = "space-" + std::to_string(dice() % 5);
        if (dice() % 3 == 0) table.erase(name, space);
        else table.set(name, space, static_cast<mirror_state>(dice() % 3), 0, dice() % 2 == 0 ? "why" : "");
        auto const expected = looked_through(table);
        REQUIRE(table.counts_by_space() == expected);
        mirror_counts sum;
        for (auto const& [where, counted] : expected) {
            sum.synced += counted.synced;
            sum.failing += counted.failing;
            sum.waiting += counted.waiting;
        }
        REQUIRE(table.counts() == sum);
    }
    for (auto const& entry : table.entries(1000)) table.erase(entry.name, entry.space);
    CHECK(table.counts_by_space().empty());
    CHECK(table.counts() == mirror_counts{});
}

TEST_CASE("a state is news once, and lasts since it began") {
    base::manual_clock clock(base::parse_rfc3339("2024-01-02T15:04:05Z").value());
    mirror_table table(clock);
    CHECK(table.set("k8s:a", "b", mirror_state::waiting));
    auto const begun = clock.now();
    clock.advance(std::chrono::seconds{5});
    CHECK_FALSE(table.set("k8s:a", "b", mirror_state::waiting));
    CHECK(table.entries(1).front().since == begun);
    CHECK(table.set("k8s:a", "b", mirror_state::failing, 0, "one"));
    CHECK(table.set("k8s:a", "b", mirror_state::failing, 0, "another"));
    CHECK(table.entries(1).front().since == clock.now());
    CHECK(table.entries(1).front().name == "k8s:a");
}
