#include "net/http_server.hpp"

#include "support/process.hpp"
#include "unit/net/server_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

using namespace vsecm;
using namespace vsecm::test;
using namespace std::chrono_literals;

namespace {

std::string request(std::string_view line, std::string_view rest = "") {
    return std::string(line) + " HTTP/1.1\r\nHost: t\r\n" + std::string(rest) + "\r\n";
}

}  // namespace

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
    CHECK(eventually(5s, [&] { return server.counters().requests == 2; }));
    CHECK(eventually(5s, [&] { return server.counters().accepted == 1; }));
}

TEST_CASE("pipelined requests are answered in order") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    std::string burst;
    for (int i = 0; i < 50; ++i) burst += request("GET /n" + std::to_string(i));
    burst += request("POST /echo", "Content-Length: 3\r\n") + "abc" + request("GET /ok");
    client.send(burst);
    for (int i = 0; i < 50; ++i) CHECK(client.receive().body == "/n" + std::to_string(i) + "|");
    CHECK(client.receive().body == "abc");
    CHECK(client.receive().body == "hello");
}

TEST_CASE("chunked bodies, in one piece and in many") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    auto const head = request("POST /echo", "Transfer-Encoding: chunked\r\n");
    client.send(head + "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n");
    CHECK(client.receive().body == "hello world");
    for (char const c : head + "3\r\nabc\r\n0\r\n\r\n") client.send({&c, 1});
    CHECK(client.receive().body == "abc");
    CHECK(client.get("/ok").status == 200);
}

TEST_CASE("100-continue is answered before the body comes") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    client.send(request("POST /echo", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
    CHECK(client.receive().status == 100);
    client.send("body");
    CHECK(client.receive().body == "body");
    // Also of one whose header came along with the request before, and of the next.
    auto const asks = request("POST /echo", "Content-Length: 4\r\nExpect: 100-continue\r\n");
    client.send(request("GET /ok") + asks);
    CHECK(client.receive().body == "hello");
    CHECK(client.receive().status == 100);
    client.send("body" + asks);
    CHECK(client.receive().body == "body");
    CHECK(client.receive().status == 100);
    client.send("more");
    CHECK(client.receive().body == "more");
    client.send(request("POST /echo", "Content-Length: 4\r\nExpect: the-impossible\r\n"));
    CHECK(client.receive().status == 417);
}

TEST_CASE("HTTP/1.0, HEAD, Connection: close, 304") {
    server_fixture server;
    {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send("GET /ok HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(client.receive().has("Connection: keep-alive\r\n"));
        client.send(request("HEAD /ok"));
        auto const head = client.receive(true);
        CHECK(head.has("Content-Length: 5\r\n"));
        client.send(request("GET /hold?ms=1"));
        auto const unchanged = client.receive();
        CHECK(unchanged.status == 304);
        CHECK_FALSE(unchanged.has("Content-Length"));
        client.send(request("GET /ok", "Connection: close\r\n"));
        CHECK(client.receive().has("Connection: close\r\n"));
        CHECK(client.read_some().empty());
    }
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    client.send("GET /ok HTTP/1.0\r\n\r\n");
    CHECK(client.receive().status == 200);
    CHECK(client.read_some().empty());
}

TEST_CASE("an escaped question mark is part of the path, a real one is not") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    CHECK(client.get("/sentinel/v1/secrets%3Freveal=true").body == "/sentinel/v1/secrets?reveal=true|");
    CHECK(client.get("/sentinel/v1/secrets?reveal=true").body == "/sentinel/v1/secrets|reveal=true");
}

TEST_CASE("malformed requests are refused with 400, never 404, and the connection ends") {
    server_fixture server;
    std::pair<unsigned, std::string> const cases[] = {
        {400, "GET //a HTTP/1.1\r\nHost: t\r\n\r\n"},
        {400, "GET /a/../b HTTP/1.1\r\nHost: t\r\n\r\n"},
        {400, "GET /%2e%2e HTTP/1.1\r\nHost: t\r\n\r\n"},
        {400, "GET /a%00b HTTP/1.1\r\nHost: t\r\n\r\n"},
        {400, "GET /a%zz HTTP/1.1\r\nHost: t\r\n\r\n"},
        {400, "GET /a?b&\xff HTTP/1.1\r\nHost: t\r\n\r\n"},
        {400, "GET http://t/a HTTP/1.1\r\nHost: t\r\n\r\n"},
        {400, "GET /a HTTP/1.1\r\n\r\n"},
        {400, "GET /a HTTP/1.1\r\nHost: t\r\nHost: u\r\n\r\n"},
        {400, "GET /a HTTP/1.1\r\nHost: t\r\nBad Header: x\r\n\r\n"},
        {400, "GET /a HTTP/1.1\r\nHost : t\r\n\r\n"},
        {400, "noise\r\n\r\n"},
        {400, "POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n"},
        {400, "POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"},
        {400, "POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, "POST /a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
        {501, "POST /a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n"},
        {501, "POST /a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
        {505, "GET /a HTTP/2.0\r\nHost: t\r\n\r\n"},
    };
    for (auto const& [status, text] : cases) {
        INFO(text);
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send(text);
        auto const refused = client.receive();
        CHECK(refused.status == status);
        CHECK(refused.has("Connection: close\r\n"));
        CHECK(refused.body.starts_with("{\"err\":\""));
        CHECK(client.read_some().empty());
    }
    CHECK(server.counters().requests == 0);
    CHECK(eventually(5s, [&] { return server.counters().rejected == std::size(cases); }));
}

TEST_CASE("an exception in a handler is a 500 for that request only") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    CHECK(client.get("/throw").status == 500);
    blocking_client next(server.port(), server.client);
    REQUIRE(next.handshake());
    CHECK(next.get("/ok").status == 200);
}

TEST_CASE("authorisation does not end at the handshake: no answer to a peer that is no longer valid") {
    server_fixture server;
    blocking_client client(server.port(), server.client), held(server.port(), server.client);
    REQUIRE(client.handshake());
    REQUIRE(held.handshake());
    CHECK(client.get("/ok").status == 200);
    held.send(request("GET /hold"));
    REQUIRE(eventually(5s, [&] { return server.handler.held == 1; }));
    *server.peers_valid = false;
    CHECK(client.get("/ok").status == 0);
    server.handler.ring(*server.loops);
    CHECK(held.receive().status == 0);
    CHECK(server.counters().requests == 2);  // the refused one was not even carried out: it might have been a delete
}

TEST_CASE("half-closed clients get their answer") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    client.send(request("GET /slow"));
    SSL_shutdown(client.ssl());  // close_notify: we send no more, but still listen
    ::shutdown(client.fd(), SHUT_WR);
    CHECK(client.receive().body == "late");
    CHECK(client.ended_within(2s));
}

TEST_CASE("connections that come one after the other take the loops in turn") {
    server_options options;
    options.num_loops = 2;
    server_fixture server(options);
    std::string loops;
    for (int i = 0; i < 6; ++i) {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        loops += client.get("/loop").body;
        ::shutdown(client.fd(), SHUT_RDWR);
        REQUIRE(eventually(5s, [&] { return server.counters().open == 0; }));
    }
    CHECK(loops == "010101");
}

TEST_CASE("eight connections spread over two loops") {
    server_options options;
    options.num_loops = 2;
    server_fixture server(options);
    std::vector<std::unique_ptr<blocking_client>> clients;
    int on_first = 0;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<blocking_client>(server.port(), server.client));
        REQUIRE(clients.back()->handshake());
        on_first += clients.back()->get("/loop").body == "0";
    }
    CHECK(on_first >= 3);
    CHECK(on_first <= 5);
    CHECK(server.server->open_per_loop() == std::vector<std::size_t>{4, 4});
    // Those that leave make room where they were.
    for (auto& client : clients) {
        if (client->get("/loop").body == "0") client.reset();
    }
    REQUIRE(eventually(5s, [&] { return server.counters().open == 4; }));
    for (int i = 0; i < 4; ++i) {
        blocking_client* const fresh = clients.emplace_back(std::make_unique<blocking_client>(server.port(), server.client)).get();
        REQUIRE(fresh->handshake());
        CHECK(fresh->get("/loop").body == "0");
    }
}

TEST_CASE("Q31: stopping answers what is in flight, ends what is idle, and refuses what is new") {
    server_fixture server;
    blocking_client busy(server.port(), server.client), idle(server.port(), server.client), held(server.port(), server.client);
    for (auto* each : {&busy, &idle, &held}) {
        REQUIRE(each->handshake());
        REQUIRE(each->get("/ok").status == 200);
    }
    held.send(request("GET /hold"));
    busy.send(request("GET /slow"));
    REQUIRE(eventually(5s, [&] { return server.counters().requests == 5 && server.handler.held == 1; }));
    auto const begun = std::chrono::steady_clock::now();
    server.stop();
    CHECK(idle.read_some().empty());
    auto const told = held.receive();
    CHECK(told.status == 503);
    CHECK(told.body == "stopping");
    auto const late = busy.receive();
    CHECK(late.body == "late");
    CHECK(late.has("Connection: close\r\n"));
    CHECK(server.join() == 7);
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK(server.counters().open == 0);
}

TEST_CASE("stopping gives up on a client that never finishes") {
    server_fixture server;
    blocking_client stuck(server.port(), server.client);
    REQUIRE(stuck.handshake());
    stuck.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
    REQUIRE(stuck.send("d"));
    server.stop();
    CHECK(server.join() == 7);  // after the grace period of two seconds
    CHECK(stuck.ended_within(2s));
}
