// Slow, silent, greedy and numerous clients.
#include "net/http_server.hpp"
#include "support/process.hpp"
#include "unit/net/server_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

using namespace vsecm;
using namespace vsecm::test;
using namespace std::chrono_literals;

namespace {

server_options short_limits() {
    server_options options;
    options.limits.handshake = 1s;
    options.limits.header = 1s;
    options.limits.body = 3s;
    options.limits.body_stall = 1s;
    options.limits.idle = 1s;
    options.limits.write = 1s;
    options.limits.linger = 1s;
    return options;
}

// Resident anonymous memory of a process, in bytes. Means nothing under AddressSanitizer, whose tests leave it out.
[[maybe_unused]] std::size_t anonymous_of(::pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("RssAnon:")) return std::stoul(line.substr(8)) * 1024;
    }
    return 0;
}

std::size_t num_descriptors() {
    std::size_t n = 0;
    for (int fd = 0; fd < 4096; ++fd) n += ::fcntl(fd, F_GETFD) != -1;
    return n;
}

}  // namespace

TEST_CASE("Q20: silent and dripping clients are cut off in time, others are served meanwhile") {
    server_fixture server(short_limits());
    blocking_client dripping(server.port(), server.client), stalled(server.port(), server.client),
        slow_body(server.port(), server.client), idle(server.port(), server.client);
    for (auto* each : {&dripping, &stalled, &slow_body, &idle}) REQUIRE(each->handshake());
    int const silent = connect_local(server.port());
    REQUIRE(idle.get("/ok").status == 200);

    stalled.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc");
    slow_body.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\n");
    auto const begun = std::chrono::steady_clock::now();
    auto const elapsed = [&] { return std::chrono::steady_clock::now() - begun; };
    // One byte of header and one of body every 200 ms: progress, but not enough of it.
    bool dripping_open = true, body_open = true;
    auto dripping_ended = 0ns, body_ended = 0ns;
    while ((dripping_open || body_open) && elapsed() < 8s) {
        if (dripping_open && (!dripping.send("G") || dripping.ended_within(100ms))) {
            dripping_open = false;
            dripping_ended = elapsed();
        }
        if (body_open && (!slow_body.send("x") || slow_body.ended_within(100ms))) {
            body_open = false;
            body_ended = elapsed();
        }
    }
    CHECK(dripping_ended < 3s);  // a second, the sweep, and a loaded machine
    CHECK(body_ended > 2s);
    CHECK(body_ended < 6s);
    CHECK(stalled.ended_within(1s));
    CHECK(idle.ended_within(1s));
    char byte;
    CHECK(::recv(silent, &byte, 1, 0) == 0);
    ::close(silent);
    CHECK(eventually(5s, [&] { return server.counters().timed_out >= 4; }));
    blocking_client next(server.port(), server.client);
    REQUIRE(next.handshake());
    CHECK(next.get("/ok").status == 200);
}

TEST_CASE("a client that does not take its answer is cut off") {
    server_fixture server(short_limits());
    blocking_client deaf(server.port(), server.client);
    int const small = 4096;
    ::setsockopt(deaf.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    REQUIRE(deaf.handshake());
    // A second for the write, and one for each 64 KiB: so an answer just larger than what the kernel buffers.
    deaf.send("GET /big?n=8000000 HTTP/1.1\r\nHost: t\r\n\r\n");
    REQUIRE(eventually(5s, [&] { return server.counters().requests == 1; }));
    CHECK(server.counters().open == 1);
    server.stop();
    CHECK(server.join() == 7);
    CHECK(server.counters().open == 0);
}

TEST_CASE("Q20: a header too long is 431, a body too long is 413, and the answer can be read") {
    server_options options;
    options.limits.max_header_len = 2048;
    options.limits.max_body_len = 10'000;
    server_fixture server(options);
    {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send("GET /ok HTTP/1.1\r\nHost: t\r\nX: " + std::string(4000, 'x') + "\r\n\r\n");
        CHECK(client.receive().status == 431);
    }
    {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send("GET /" + std::string(100'000, 'a'));
        CHECK(client.receive().status == 431);
    }
    {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 4; ++i) client.send("1000\r\n" + std::string(4096, 'x') + "\r\n");
        CHECK(client.receive().status == 413);
    }
    {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10001\r\nExpect: 100-continue\r\n\r\n");
        CHECK(client.receive().status == 413);
    }
    {
        blocking_client client(server.port(), server.client);
        REQUIRE(client.handshake());
        client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1;x=");
        std::string const extension(16 * 1024, 'x');  // of a chunk that never begins
        int sent = 0;
        while (sent < 1000 && client.send(extension)) ++sent;
        CHECK(client.receive().status == 400);
    }
    blocking_client exact(server.port(), server.client);
    REQUIRE(exact.handshake());
    exact.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10000\r\n\r\n" + std::string(10'000, 'z'));
    CHECK(exact.receive().body.size() == 10'000);
}

#ifndef VSECM_SANITIZED  // AddressSanitizer keeps freed memory
TEST_CASE("Q20: a body of 100 MiB is refused at once, in bounded memory") {
    server_fixture server;
    auto const before = anonymous_of(::getpid());
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    auto const begun = std::chrono::steady_clock::now();
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 104857600\r\n\r\n");
    // A client that writes everything before it reads anything.
    std::string const piece(64 * 1024, 'x');
    for (int i = 0; i < 1600 && client.send(piece); ++i) {}
    auto const refused = client.receive();
    CHECK(refused.status == 413);
    CHECK(refused.body.contains("larger"));
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(anonymous_of(::getpid()) < before + 8 * 1024 * 1024);
}
#endif

TEST_CASE("Q20: above the limit connections are closed at once, and counted") {
    server_options options;
    options.limits.max_connections = 3;
    server_fixture server(options);
    std::vector<std::unique_ptr<blocking_client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<blocking_client>(server.port(), server.client));
        REQUIRE(clients.back()->handshake());
    }
    int const fourth = connect_local(server.port());
    char byte;
    CHECK(::recv(fourth, &byte, 1, 0) == 0);
    ::close(fourth);
    CHECK(eventually(5s, [&] { return server.counters().refused_full == 1; }));
    CHECK(clients[0]->get("/ok").status == 200);
    clients.pop_back();
    REQUIRE(eventually(5s, [&] { return server.counters().open == 2; }));
    blocking_client again(server.port(), server.client);
    REQUIRE(again.handshake());
    CHECK(again.get("/ok").status == 200);
}

TEST_CASE("one peer cannot take all connections") {
    server_options options;
    options.limits.max_per_peer = 2;
    server_fixture server(options);
    blocking_client first(server.port(), server.client);
    auto second = std::make_unique<blocking_client>(server.port(), server.client);
    for (auto* each : {&first, second.get()}) {
        REQUIRE(each->handshake());
        CHECK(each->get("/ok").status == 200);
    }
    {
        blocking_client third(server.port(), server.client);
        REQUIRE(third.handshake());
        CHECK(third.get("/ok").status == 0);
        CHECK(server.counters().refused_full == 1);
    }
    auto const other_leaf = server.ca.issue("spiffe://test/workload/other");
    blocking_client other(server.port(), server.ca.context(net::tls_role::client, other_leaf, "X25519"));
    REQUIRE(other.handshake());
    CHECK(other.get("/ok").status == 200);
    REQUIRE(eventually(5s, [&] { return server.counters().open == 3; }));
    second.reset();
    REQUIRE(eventually(5s, [&] { return server.counters().open == 2; }));
    blocking_client again(server.port(), server.client);
    REQUIRE(again.handshake());
    CHECK(again.get("/ok").status == 200);
    CHECK(first.get("/ok").status == 200);
}

TEST_CASE("silent clients cannot use up the unfinished handshakes") {
    server_options options;
    options.limits.max_handshakes_per_loop = 8;
    options.limits.handshake = 60s;
    server_fixture server(options);
    std::vector<int> silent;
    for (int i = 0; i < 30; ++i) silent.push_back(connect_local(server.port()));
    blocking_client client(server.port(), server.client, 10s);
    REQUIRE(client.handshake());
    CHECK(client.get("/ok").status == 200);
    CHECK(eventually(5s, [&] { return server.counters().handshakes_evicted >= 8; }));
    for (int const fd : silent) ::close(fd);
}

TEST_CASE("clients that stop in the middle of the handshake cannot use up the unfinished ones") {
    server_options options;
    options.limits.max_handshakes_per_loop = 8;
    options.limits.handshake = 60s;
    server_fixture server(options);
    auto const says_hello = [&] {
        auto client = std::make_unique<blocking_client>(server.port(), server.client, 15s);
        // It hears nothing, however soon the server answers, until it is given its ears back.
        BIO* const deaf = BIO_new(BIO_s_mem());
        BIO_set_mem_eof_return(deaf, -1);
        SSL_set0_rbio(client->ssl(), deaf);
        CHECK(SSL_connect(client->ssl()) == -1);
        SSL_set_rfd(client->ssl(), client->fd());
        return client;
    };
    std::vector<std::unique_ptr<blocking_client>> stalled;
    // One slot is taken by an honest client that is slow, and so is not thrown out with the silent ones.
    auto const slow = says_hello();
    std::vector<int> silent;
    for (int i = 0; i < 20; ++i) silent.push_back(connect_local(server.port()));
    REQUIRE(eventually(5s, [&] { return server.counters().handshakes_evicted >= 7; }));
    CHECK(slow->handshake());
    CHECK(slow->get("/ok").status == 200);
    for (int const fd : silent) ::close(fd);

    auto const before = server.counters().handshakes_evicted.load();
    for (int i = 0; i < 12; ++i) stalled.push_back(says_hello());
    auto const begun = std::chrono::steady_clock::now();
    blocking_client client(server.port(), server.client, 20s);
    REQUIRE(client.handshake());
    CHECK(client.get("/ok").status == 200);
    CHECK(std::chrono::steady_clock::now() - begun < 15s);
    // Twelve came before the client, and only seven of them were left when it had its slot of eight.
    CHECK(server.counters().handshakes_evicted >= before + 5);
}

TEST_CASE("without file descriptors the server waits, says so, and goes on") {
    server_fixture server;
    blocking_client first(server.port(), server.client);
    REQUIRE(first.handshake());
    int const queued = ::socket(AF_INET, SOCK_STREAM, 0);
    ::close(queued);
    ::rlimit old{};
    ::getrlimit(RLIMIT_NOFILE, &old);
    // Room for the client's own end of the connection, none for the server's.
    ::rlimit tight = old;
    tight.rlim_cur = static_cast<rlim_t>(queued) + 1;
    std::vector<int> holes;
    while (num_descriptors() < static_cast<std::size_t>(queued)) holes.push_back(::dup(0));
    ::setrlimit(RLIMIT_NOFILE, &tight);
    int const fd = connect_local(server.port(), 300ms);
    char byte;
    CHECK(::recv(fd, &byte, 1, 0) == -1);  // accepted by the kernel, not yet by us
    CHECK(first.get("/ok").status == 200);
    ::setrlimit(RLIMIT_NOFILE, &old);
    for (int const hole : holes) ::close(hole);
    REQUIRE(eventually(5s, [&] { return server.counters().accepted == 2; }));
    ::close(fd);
    blocking_client next(server.port(), server.client);
    REQUIRE(next.handshake());
    CHECK(next.get("/ok").status == 200);
}

#ifndef VSECM_SANITIZED
TEST_CASE("an idle and a held connection cost at most 40 kB each") {
    // The server in a process of its own, so that the clients' memory is not counted.
    test_ca ca;
    auto const server_leaf = ca.issue("spiffe://test/safe");
    auto const client = ca.context(net::tls_role::client, ca.issue("spiffe://test/workload/app"), "X25519");
    auto listener = net::listen_tcp({"127.0.0.1", 0});
    REQUIRE(listener);
    auto const port = net::bound_port(listener->get());
    ::pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        net::runtime loops(1);
        path_handler handler;
        net::http_server server(loops, *std::move(listener), source_of(ca.context(net::tls_role::server, server_leaf)), handler);
        server.start();
        ::_exit(loops.run());
    }
    constexpr std::size_t num = 1000;
    std::vector<std::unique_ptr<blocking_client>> clients;
    auto const connect_many = [&](std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            clients.push_back(std::make_unique<blocking_client>(port, client));
            REQUIRE(clients.back()->handshake());
            REQUIRE(clients.back()->get("/ok").status == 200);
        }
    };
    connect_many(20);  // what is paid once
    auto const before = anonymous_of(child);
    connect_many(num);
    auto const idle = (anonymous_of(child) - before) / num;
    for (auto& each : clients) each->send("GET /hold HTTP/1.1\r\nHost: t\r\n\r\n");
    connect_many(1);
    REQUIRE(eventually(10s, [&] { return clients.back()->get("/held").body == std::to_string(num + 20); }));
    auto const held = (anonymous_of(child) - before) / num;
    INFO("idle connection " << idle << " bytes, held " << held << " bytes");
    CHECK(idle <= 40'000);
    CHECK(held <= 40'000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}
#endif
