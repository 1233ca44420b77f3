#include "net/http_message.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm::net;

TEST_CASE("fields are found whatever their case") {
    http_fields fields;
    fields.add("If-None-Match", "\"x\"");
    fields.add("Host", "safe");
    fields.add("host", "second");
    CHECK(fields["if-none-match"] == "\"x\"");
    CHECK(fields["HOST"] == "safe");
    CHECK_FALSE(fields.find("Hos"));
    CHECK(fields.size() == 3);
    fields.clear();
    CHECK_FALSE(fields.find("Host"));
}

TEST_CASE("targets are split and decoded once") {
    std::string path, query;
    REQUIRE(split_target("/sentinel/v1/secrets%3Freveal=true", path, query));
    CHECK(path == "/sentinel/v1/secrets?reveal=true");
    CHECK(query.empty());
    REQUIRE(split_target("/sentinel/v1/secrets?reveal=true", path, query));
    CHECK(path == "/sentinel/v1/secrets");
    CHECK(query == "reveal=true");
    REQUIRE(split_target("/a%2Fb%253F?x?y", path, query));
    CHECK(path == "/a/b%3F");
    CHECK(query == "x?y");
    REQUIRE(split_target("/", path, query));
    REQUIRE(split_target("/a/", path, query));
    REQUIRE(split_target("/...", path, query));
    for (auto const* bad : {"", "*", "a", "http://h/x", "//", "//a", "/a//b", "/.", "/..", "/a/./b", "/a/../b", "/a/..", "/%2e%2e/a", "/%2F/a",
             "/a%", "/a%4", "/a%zz", "/a%00b", "/a\xff", "/a?\xc3\xa9"}) {
        INFO(bad);
        CHECK_FALSE(split_target(bad, path, query));
    }
}

TEST_CASE("query parameters") {
    CHECK(query_parameter("wait=30&x=a+b%26", "wait")->value() == "30");
    CHECK(query_parameter("wait=30&x=a+b%26", "x")->value() == "a b&");
    CHECK(query_parameter("flag&b", "flag")->value().empty());
    CHECK(query_parameter("w%61it=1", "wait")->value() == "1");
    CHECK(query_parameter("a=1&a=2", "a")->value() == "1");
    CHECK_FALSE(query_parameter("b=1", "a")->has_value());
    CHECK_FALSE(query_parameter("", "a")->has_value());
    CHECK_FALSE(query_parameter("a=%4", "a"));
}
