// Requests held open until something happens.
#include "support/process.hpp"
#include "unit/net/server_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <unistd.h>

using namespace vsecm;
using namespace vsecm::test;
using namespace std::chrono_literals;

namespace {
constexpr auto hold = "GET /hold HTTP/1.1\r\nHost: t\r\n\r\n";

bool held(server_fixture& server, int num) {
    return eventually(5s, [&] { return server.handler.held == num; });
}
}  // namespace

TEST_CASE("a held request is answered when the bell rings") {
    server_options options;
    options.num_loops = 2;
    server_fixture server(options);
    std::vector<std::unique_ptr<blocking_client>> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(std::make_unique<blocking_client>(server.port(), server.client));
        REQUIRE(clients.back()->handshake());
    }
    for (int round = 0; round < 3; ++round) {
        for (auto& each : clients) each->send(hold);
        REQUIRE(held(server, 10));
        server.handler.ring(*server.loops);
        for (auto& each : clients) CHECK(each->receive().body == "woken");
    }
}

TEST_CASE("a held request ends at its deadline") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    auto const begun = std::chrono::steady_clock::now();
    CHECK(client.get("/hold?ms=150").status == 304);
    auto const took = std::chrono::steady_clock::now() - begun;
    CHECK(took >= 150ms);
    CHECK(took < 10s);
    CHECK(client.get("/ok").status == 200);
}

TEST_CASE("Q21: a client that goes away ends its held request") {
    server_fixture server;
    SECTION("politely") {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send(hold);
        REQUIRE(held(server, 1));
        SSL_shutdown(client.ssl());
        CHECK(eventually(5s, [&] { return server.handler.cancelled == 1; }));
    }
    SECTION("by closing the socket") {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send(hold);
        REQUIRE(held(server, 1));
        ::shutdown(client.fd(), SHUT_RDWR);
        CHECK(eventually(5s, [&] { return server.handler.cancelled == 1; }));
    }
    SECTION("before the request is even held") {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send(hold);
        ::shutdown(client.fd(), SHUT_WR);
        CHECK(eventually(5s, [&] { return server.handler.cancelled == 1; }));
    }
    CHECK(eventually(5s, [&] { return server.counters().open == 0; }));
}

TEST_CASE("what a client sends while it is held is answered afterwards") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    client.send(hold);
    REQUIRE(held(server, 1));
    client.send("GET /ok HTTP/1.1\r\nHost: t\r\n\r\nPOST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\n");
    client.send("ab");
    // A flood stays in the kernel; only one record of it is ours.
    server.handler.ring(*server.loops);
    client.send("c");
    CHECK(client.receive().body == "woken");
    CHECK(client.receive().body == "hello");
    CHECK(client.receive().body == "abc");
}

TEST_CASE("a key update during a hold is not taken for an end") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    client.send(hold);
    REQUIRE(held(server, 1));
    SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(client.ssl());
    server.handler.ring(*server.loops);
    CHECK(client.receive().body == "woken");
    CHECK(client.get("/ok").status == 200);
}
