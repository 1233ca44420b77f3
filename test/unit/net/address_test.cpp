#include "net/address.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm::net;
using vsecm::base::errc;

TEST_CASE("listen addresses as people write them") {
    CHECK(parse_listen_address(":8443")->host.empty());
    CHECK(parse_listen_address(":8443")->port == 8443);
    CHECK(parse_listen_address("0.0.0.0:80")->host == "0.0.0.0");
    CHECK(parse_listen_address("[::1]:0")->host == "::1");
    CHECK(parse_listen_address("[::1]:0")->print() == "[::1]:0");
    CHECK(parse_listen_address("localhost:80")->host == "127.0.0.1");
    for (auto const* bad : {"", "8443", ":", ":http", ":65536", ":-1", ":80x", "[::1:80", "[::1]80", "::1:80", "example.org:80", "300.0.0.1:80"}) {
        INFO(bad);
        auto const refused = parse_listen_address(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == errc::invalid);
    }
}

TEST_CASE("a port in use is said to be in use") {
    auto const first = listen_tcp({"127.0.0.1", 0});
    REQUIRE(first);
    auto const second = listen_tcp({"127.0.0.1", bound_port(first->get())});
    REQUIRE_FALSE(second);
    CHECK(second.error().what.contains("already in use"));
    auto const everywhere = listen_tcp({"", 0});
    REQUIRE(everywhere);
    CHECK(bound_port(everywhere->get()) != 0);
}

TEST_CASE("endpoints of clients") {
    auto const safe = parse_https_endpoint("https://vsecm-safe.vsecm-system.svc.cluster.local:8443/");
    REQUIRE(safe);
    CHECK(safe->host == "vsecm-safe.vsecm-system.svc.cluster.local");
    CHECK(safe->port == 8443);
    CHECK(safe->path.empty());
    CHECK(parse_https_endpoint("https://[::1]:1/a/b/")->path == "/a/b");
    CHECK(parse_https_endpoint("https://[::1]:1")->authority() == "[::1]:1");
    CHECK(parse_https_endpoint("https://host")->port == 443);
    for (auto const* bad : {"", "https://", "http://host", "https://host:0", "https://ho st", "https://a@b", "https://h:1/x?y", "https://h\r\nX: y"}) {
        INFO(bad);
        CHECK_FALSE(parse_https_endpoint(bad));
    }
}
