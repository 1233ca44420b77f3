#include "unit/net/server_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::test;
using namespace std::chrono_literals;

TEST_CASE("a request over mutual TLS is answered, and the connection kept") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    auto const first = client.get("/ok");
    CHECK(first.status == 200);
    CHECK(first.body == "hello");
    CHECK(first.has("Vsecm-Server: vsecm/test\r\n"));
    CHECK(first.has("Content-Type: text/plain; charset=utf-8\r\n"));
    CHECK(first.has("\r\nDate: "));
    CHECK(client.get("/who").body == "spiffe://test/workload/app");
    CHECK(server.counters().requests == 2);
    CHECK(server.counters().accepted == 1);
}

TEST_CASE("the ordered stop ends run() with its status") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    CHECK(client.get("/ok").status == 200);
    server.stop();
    CHECK(server.join() == 7);
    CHECK(client.read_some().empty());
}
