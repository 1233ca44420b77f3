#include "api/exit_status.hpp"
#include "api/http_status.hpp"
#include "api/routes.hpp"
#include "api/secret.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm;
using namespace vsecm::api;
using base::errc;

TEST_CASE("routes are found by method and decoded path") {
    CHECK(match_route("GET", "/sentinel/v1/secrets", "") == route::list);
    CHECK(match_route("GET", "/sentinel/v1/secrets", "reveal=true") == route::list_encrypted);
    CHECK(match_route("GET", "/sentinel/v1/secrets", "a=b&reveal=true") == route::list_encrypted);
    CHECK(match_route("GET", "/sentinel/v1/secrets", "reveal=false") == route::list);
    CHECK(match_route("GET", "/sentinel/v1/secrets?reveal=true", "") == route::list_encrypted);
    CHECK(match_route("POST", "/sentinel/v1/secrets", "reveal=true") == route::upsert);
    CHECK(match_route("DELETE", "/sentinel/v1/secrets", "") == route::remove);
    CHECK(match_route("POST", "/sentinel/v1/keys", "") == route::keys);
    CHECK(match_route("GET", "/sentinel/v1/keystone", "") == route::keystone);
    CHECK(match_route("GET", "/workload/v1/secrets", "wait=5") == route::fetch);
    CHECK(match_route("POST", "/workload/v1/secrets", "") == route::clerk_upsert);
    CHECK(match_route("HEAD", "/workload/v1/secrets", "") == route::wrong_method);
    CHECK(match_route("get", "/workload/v1/secrets", "") == route::wrong_method);
    CHECK(match_route("GET", "/workload/v1/secrets/", "") == route::unknown);
    CHECK(match_route("GET", "", "") == route::unknown);
    CHECK(allowed_methods("/sentinel/v1/secrets") == "GET, POST, DELETE");
    CHECK(match_route("GET", "/sentinel/v1/secrets/versions", "name=a") == route::versions);
    CHECK(match_route("POST", "/sentinel/v1/secrets/rollback", "") == route::rollback);
    CHECK(match_route("POST", "/sentinel/v1/secrets/undelete", "") == route::undelete);
    CHECK(match_route("GET", "/sentinel/v1/secrets/undelete", "") == route::wrong_method);
    CHECK(allowed_methods("/sentinel/v1/secrets/versions") == "GET");
    CHECK(allowed_methods("/sentinel/v1/secrets/rollback") == "POST");
}

TEST_CASE("a name travels in a query whatever is in it") {
    CHECK(versions_target("app") == "/sentinel/v1/secrets/versions?name=app");
    CHECK(versions_target("a b+c&d=%\xc3\xa9") == "/sentinel/v1/secrets/versions?name=a%20b%2Bc%26d=%25%C3%A9");
}

TEST_CASE("a fetch's wait is whole seconds") {
    CHECK_FALSE(wait_seconds("").has_value());
    CHECK_FALSE(wait_seconds("await=5").has_value());
    CHECK(wait_seconds("wait=5") == 5);
    CHECK(wait_seconds("x=1&wait=60") == 60);
    for (std::string_view const bad : {"wait=", "wait=-1", "wait=5s", "wait=99999999999"}) CHECK(wait_seconds(bad) == 0);
}

TEST_CASE("Q34: no error is ever answered 404") {
    for (int i = 0; i <= static_cast<int>(errc::internal); ++i) {
        auto const code = static_cast<errc>(i);
        CHECK(http_status_of(code) != 404);
        CHECK(http_status_of(code) >= 400);
        CHECK(to_int(exit_status_of(code)) != 0);
        CHECK(to_int(exit_status_of_answer(code)) != 0);
    }
    CHECK(http_status_of(errc::denied) == 403);
    CHECK(http_status_of(errc::storage) == 507);
    CHECK(exit_status_of(errc::no_identity) == exit_status::no_identity);
    CHECK(exit_status_of_answer(errc::invalid) == exit_status::refused);
    CHECK(exit_status_of_answer(errc::sealed) == exit_status::sealed);
    for (auto const reason : {absence::absent, absence::deleted, absence::not_yet, absence::expired})
        CHECK(parse_absence(name_of(reason)) == reason);
    CHECK_FALSE(parse_absence("gone").has_value());
}

TEST_CASE("Q19: names that would leave the data folder are refused, all others have one file name") {
    using namespace std::string_view_literals;
    for (auto const bad : {""sv, "."sv, ".."sv, "a/b"sv, "../x"sv, "/"sv, "a\0b"sv, "a\nb"sv, "\x7f"sv, "\xff"sv, "\xed\xa0\x80"sv}) {
        auto const r = check_secret_name(bad);
        REQUIRE_FALSE(r.has_value());
        CHECK(r.error().code == errc::invalid);
    }
    for (auto const good : {"a"sv, "foo.agent"sv, "k8s:foo"sv, "raw:foo"sv, "...."sv, "é"sv, "a b"sv, "a%2fb"sv, "-a"sv})
        CHECK(check_secret_name(good).has_value());
    CHECK(check_secret_name(std::string(200, 'a')).has_value());
    CHECK_FALSE(check_secret_name(std::string(201, 'a')).has_value());
    CHECK(check_secret_name(std::string(66, ' ')).has_value());
    CHECK_FALSE(check_secret_name(std::string(67, ' ')).has_value());

    CHECK(encode_name("foo.agent") == "foo.agent");
    CHECK(encode_name(".hidden") == "%2Ehidden");
    CHECK(encode_name("k8s:a@b+c=d-e_f") == "k8s:a@b+c=d-e_f");
    CHECK(encode_name("a b%é") == "a%20b%25%C3%A9");
    for (auto const name : {"a"sv, ".x"sv, "é %"sv, ""sv}) CHECK(encode_name(name).size() == encoded_name_len(name));
}

TEST_CASE("prefixes, formats, namespaces and dates") {
    name_prefixes const p;
    CHECK(classify("raw:a", p).kind == name_kind::raw);
    CHECK(classify("raw:a", p).bare == "a");
    CHECK(classify("k8s:a", p).kind == name_kind::kubernetes);
    CHECK(classify("raw", p).kind == name_kind::workload);
    CHECK(classify("raw:a", {.raw = "", .kubernetes = ""}).kind == name_kind::workload);

    CHECK(*parse_format("") == format::json);
    CHECK(*parse_format("YAML") == format::yaml);
    CHECK(*parse_format("none") == format::none);
    CHECK_FALSE(parse_format("xml").has_value());

    CHECK(check_namespace("").has_value());
    CHECK(check_namespace("*").has_value());
    CHECK(check_namespace("my-ns").has_value());
    CHECK_FALSE(check_namespace("a/b").has_value());
    CHECK_FALSE(check_namespace("a b").has_value());
    CHECK_FALSE(check_namespace(std::string(254, 'a')).has_value());

    base::system_time const now{std::chrono::seconds{1000}};
    CHECK(*parse_not_before("", now) == now);
    CHECK(*parse_not_before("now", now) == now);
    CHECK(*parse_expires("never") == base::never());
    CHECK(*parse_expires("") == base::never());
    CHECK(*parse_expires("1970-01-01T00:16:40Z") == now);
}

TEST_CASE("Q28: a date that cannot be read is refused, not replaced") {
    CHECK_FALSE(parse_not_before("tomorrow", {}).has_value());
    CHECK_FALSE(parse_expires("2024-13-01T00:00:00Z").has_value());
}
