#include "roles/safe/admission.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace vsecm;
using namespace vsecm::roles::safe;
using api::route;
using spiffe::caller_kind;

namespace {

spiffe::caller caller(caller_kind kind, std::string name = "billing") { return {kind, std::move(name), "default"}; }

constexpr caller_kind every_kind[] = {caller_kind::unknown, caller_kind::workload, caller_kind::safe, caller_kind::sentinel, caller_kind::scout, caller_kind::clerk};
constexpr route every_route[] = {route::keystone, route::list, route::list_encrypted, route::upsert, route::remove, route::keys, route::rotate_key, route::forget_key,
                                 route::versions, route::rollback, route::undelete, route::status, route::fetch, route::clerk_upsert, route::wrong_method, route::unknown};

std::set<caller_kind> allowed(route r) {
    std::set<caller_kind> kinds;
    for (auto const kind : every_kind) {
        auto const verdict = admit(r, caller(kind, kind == caller_kind::scout ? "vsecm-scout" : "billing"), phase::serving);
        if (verdict || verdict.error().code != base::errc::denied) kinds.insert(kind);
    }
    return kinds;
}

}  // namespace

TEST_CASE("every route, every kind of caller") {
    std::set const only_sentinel{caller_kind::sentinel};
    for (auto const r : {route::keystone, route::list, route::list_encrypted, route::upsert, route::remove, route::versions, route::rollback, route::undelete, route::keys, route::rotate_key, route::forget_key, route::status}) CHECK(allowed(r) == only_sentinel);
    CHECK(allowed(route::clerk_upsert) == std::set{caller_kind::clerk});
    std::set const everyone_known{caller_kind::workload, caller_kind::safe, caller_kind::sentinel, caller_kind::scout, caller_kind::clerk};
    CHECK(allowed(route::fetch) == everyone_known);
    CHECK(allowed(route::unknown) == everyone_known);
    CHECK(allowed(route::wrong_method) == everyone_known);
}

TEST_CASE("Q8: a scout writes nothing, a clerk only through its own route") {
    CHECK(admit(route::upsert, caller(caller_kind::scout), phase::serving).error().code == base::errc::denied);
    CHECK(admit(route::upsert, caller(caller_kind::clerk), phase::serving).error().code == base::errc::denied);
    CHECK(admit(route::clerk_upsert, caller(caller_kind::clerk), phase::serving));
}

TEST_CASE("Q10: the names of scout and safe are nothing without their identity") {
    CHECK(admit(route::fetch, caller(caller_kind::workload, "vsecm-scout"), phase::serving).error().code == base::errc::denied);
    CHECK(admit(route::fetch, caller(caller_kind::scout, "vsecm-scout"), phase::serving));
    CHECK(admit(route::fetch, caller(caller_kind::workload, "vsecm-safe"), phase::serving).error().code == base::errc::denied);
}

TEST_CASE("sealed, only the root key is taken; nobody without a right learns that it is") {
    for (auto const r : every_route) {
        auto const verdict = admit(r, caller(caller_kind::sentinel), phase::sealed);
        if (r == route::keys || r == route::status) CHECK(verdict);
        else CHECK_FALSE(verdict);
    }
    CHECK(admit(route::list, caller(caller_kind::sentinel), phase::sealed).error().code == base::errc::sealed);
    CHECK(admit(route::fetch, caller(caller_kind::workload), phase::sealed).error().code == base::errc::sealed);
    CHECK(admit(route::list, caller(caller_kind::workload), phase::sealed).error().code == base::errc::denied);
    CHECK(admit(route::fetch, caller(caller_kind::unknown), phase::sealed).error().code == base::errc::denied);
}

TEST_CASE("starting, opening and stopping are `unavailable`, never an answer about secrets") {
    for (auto const p : {phase::starting, phase::opening, phase::stopping}) {
        CHECK(admit(route::fetch, caller(caller_kind::workload), p).error().code == base::errc::unavailable);
        CHECK(admit(route::keys, caller(caller_kind::sentinel), p).error().code == base::errc::unavailable);
    }
}
