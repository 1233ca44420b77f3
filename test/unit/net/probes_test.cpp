#include "net/probes.hpp"

#include "net/address.hpp"
#include "support/descriptors.hpp"
#include "support/loopback.hpp"
#include "unit/net/blocking_client.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace vsecm;
using namespace vsecm::test;
using namespace std::chrono_literals;

namespace {

std::string ask(std::uint16_t port, std::string_view text) {
    int const fd = connect_local(port);
    ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    auto got = receive_all(fd).text;
    ::close(fd);
    return got;
}

}  // namespace

TEST_CASE("Q30: probes tell the truth, and tell it again when it changes") {
    net::runtime loops(1);
    std::atomic<bool> ready{false};
    net::probe_checks checks;
    checks.check = [&] { return ready ? std::nullopt : std::optional<std::string>("no identity yet"); };
    checks.live = [] { return std::nullopt; };
    net::probe_server probes(loops, *net::listen_tcp(*net::parse_listen_address("127.0.0.1:0")), checks);
    probes.start();
    std::thread thread([&] { loops.run(); });
    auto const port = probes.port();

    auto const not_yet = ask(port, "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(not_yet.starts_with("HTTP/1.1 503 "));
    CHECK(not_yet.ends_with("\r\n\r\nno identity yet"));
    CHECK(ask(port, "GET /livez HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(ask(port, "GET /healthz?x HTTP/1.1\r\n\r\n").ends_with("\r\n\r\nOK"));
    CHECK(ask(port, "GET /readyz HTTP/1.0\n\n").starts_with("HTTP/1.1 503 "));
    ready = true;
    CHECK(ask(port, "GET /readyz HTTP/1.1\r\n\r\n").ends_with("\r\n\r\nOK"));
    CHECK(ask(port, "POST /any/path HTTP/1.1\r\nContent-Length: 0\r\n\r\n").starts_with("HTTP/1.1 200 "));
    CHECK(ask(port, "HEAD / HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
    ready = false;
    CHECK(ask(port, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 503 "));

    CHECK(ask(port, "noise\r\n\r\n").starts_with("HTTP/1.1 400 "));
    CHECK(ask(port, "GET / HTTP/1.1\r\nX: " + std::string(10'000, 'x')).empty());
    // Neither silent ones, nor those that do not finish, nor those that do not go, keep others out: the oldest goes.
    std::vector<int> idlers;
    for (std::string_view const said : {"", "GET /livez HTT", "GET /livez HTTP/1.1\r\n\r\n"}) {
        for (int i = 0; i < 100; ++i) {
            idlers.push_back(connect_local(port));
            ::send(idlers.back(), said.data(), said.size(), MSG_NOSIGNAL);
        }
        auto const begun = std::chrono::steady_clock::now();
        CHECK(ask(port, "GET /livez HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
        CHECK(std::chrono::steady_clock::now() - begun < 2s);
    }
    char byte;
    CHECK(::recv(idlers[0], &byte, 1, 0) == 0);
    // Where there is room a silent one is cut when its time is over.
    for (int const fd : idlers) ::close(fd);
    int const silent = connect_local(port);
    CHECK(ask(port, "GET /livez HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
    CHECK(::recv(silent, &byte, 1, MSG_DONTWAIT) == -1);
    CHECK(::recv(silent, &byte, 1, 0) == 0);
    ::close(silent);
    loops.stop();
    thread.join();
}

TEST_CASE("/metrics is a page in the format that is asked for, and 404 where there is none") {
    net::runtime loops(1);
    auto const own = std::make_shared<metrics::exposition>("test", [] { return true; });
    own->add([](metrics::page& out) { out.counter("told_total", "Asked here.").add(7, {{"long", std::string(1'000'000, 'x')}}); });
    net::probe_checks checks;
    checks.check = [] { return std::optional<std::string>("not well"); };
    net::probe_server without(loops, *net::listen_tcp(*net::parse_listen_address("127.0.0.1:0")), checks);
    checks.metrics = own;
    net::probe_server with(loops, *net::listen_tcp(*net::parse_listen_address("127.0.0.1:0")), checks);
    with.start();
    without.start();
    std::thread thread([&] { loops.run(); });

    auto const plain = ask(with.port(), "GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(plain.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    CHECK(plain.contains("\ntold_total{long=\"xxxx"));
    CHECK(plain.ends_with("x\"} 7\n"));  // all of a megabyte
    auto const open = ask(with.port(), "GET /metrics?now HTTP/1.1\r\nX-Accept: text/plain\r\nACCEPT: application/openmetrics-text;q=0.5\r\nAccept: */*;q=0.1\r\n\r\n");
    CHECK(open.contains("\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
    CHECK(open.ends_with("\n# EOF\n"));
    // The second field says that text is wanted more.
    CHECK(ask(with.port(), "GET /metrics HTTP/1.1\nAccept: application/openmetrics-text;q=0.5\nAccept: text/plain\n\n").ends_with("x\"} 7\n"));
    CHECK(ask(with.port(), "HEAD /metrics HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
    CHECK(ask(with.port(), "GET /metric HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 503 "));
    CHECK(ask(without.port(), "GET /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 Not Found\r\n"));
    loops.stop();
    thread.join();
}

TEST_CASE("no program that is started here inherits a probe's connection") {
    auto const before = inheritable();
    net::runtime loops(1);
    net::probe_checks checks;
    checks.check = [] { return std::nullopt; };
    net::probe_server probes(loops, *net::listen_tcp(*net::parse_listen_address("127.0.0.1:0")), checks);
    probes.start();
    std::thread thread([&] { loops.run(); });
    int const held = connect_local(probes.port());
    CHECK(ask(probes.port(), "GET / HTTP/1.1\r\n\r\n").ends_with("OK"));  // so the first has been accepted
    CHECK(inheritable() == before);
    ::close(held);
    loops.stop();
    thread.join();
}
