#include "net/http_client.hpp"

#include "support/loopback.hpp"
#include "support/process.hpp"
#include "support/run_loop.hpp"
#include "unit/net/server_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <unistd.h>

using namespace vsecm;
using namespace vsecm::test;
using namespace std::chrono_literals;
using base::errc;

namespace {

net::http_client_request get(std::string target) {
    net::http_client_request request;
    request.target = std::move(target);
    return request;
}

// One TLS connection after another, each answered with the next of `answers` after its request; then closed.
class scripted_server {
public:
    scripted_server(std::shared_ptr<net::tls_context const> context, std::vector<std::string> answers)
        : listener_(*net::listen_tcp({"127.0.0.1", 0})), context_(std::move(context)), answers_(std::move(answers)) {
        ::fcntl(listener_.get(), F_SETFL, 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~scripted_server() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    net::endpoint where() const { return {"127.0.0.1", net::bound_port(listener_.get()), ""}; }
    std::atomic<int> served{0}, closed{0};

private:
    void serve() {
        for (auto const& answer : answers_) {
            base::unique_fd fd(::accept(listener_.get(), nullptr, nullptr));
            if (!fd) return;
            SSL* const ssl = SSL_new(context_->ctx.get());
            SSL_set_fd(ssl, fd.get());
            if (SSL_accept(ssl) == 1) {
                char buffer[4096];
                if (SSL_read(ssl, buffer, sizeof buffer) > 0) {
                    ++served;
                    std::size_t sent = 0;  // partial writes are on in every context
                    for (std::string_view rest = answer; !rest.empty() && SSL_write_ex(ssl, rest.data(), rest.size(), &sent) == 1;) {
                        rest.remove_prefix(sent);
                    }
                }
                SSL_shutdown(ssl);
            }
            SSL_free(ssl);
            fd.reset();
            ++closed;
        }
    }
    base::unique_fd listener_;
    std::shared_ptr<net::tls_context const> context_;
    std::vector<std::string> answers_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("requests and answers, over one kept connection") {
    server_fixture server;
    run_loop loop;
    net::http_client client(loop.executor(), source_of(server.client), {"127.0.0.1", server.port(), ""});
    auto const first = loop.run(client.send(get("/ok"), 5s));
    REQUIRE(first);
    CHECK(first->status == 200);
    CHECK(first->body.view() == "hello");
    CHECK(first->fields["content-type"] == "text/plain; charset=utf-8");
    REQUIRE(first->peer);
    CHECK(first->peer->id() == "spiffe://test/safe");
    net::http_client_request post;
    post.method = "POST";
    post.target = "/echo";
    post.body.resize(1'000'000);
    auto const echoed = loop.run(client.send(std::move(post), 5s));
    REQUIRE(echoed);
    CHECK(echoed->body.size() == 1'000'000);
    CHECK(loop.run(client.send(get("/no?such=path"), 5s))->body.view() == "/no|such=path");
    CHECK(server.counters().accepted == 1);
}

TEST_CASE("names are resolved, and every address is tried") {
    server_fixture server;  // on 127.0.0.1 only; localhost may be ::1 first
    run_loop loop;
    net::http_client client(loop.executor(), source_of(server.client), {"localhost", server.port(), ""});
    auto const reply = loop.run(client.send(get("/ok"), 5s));
    REQUIRE(reply);
    CHECK(reply->status == 200);
}

TEST_CASE("a name that does not exist is said not to exist") {
    run_loop loop;
    test_ca ca;
    auto const own = ca.context(net::tls_role::client, ca.issue("spiffe://test/a"));
    net::http_client client(loop.executor(), source_of(own), {"no-such-host.invalid", 1, ""});
    auto const absent = loop.run(client.send(get("/"), 15s));
    REQUIRE_FALSE(absent);
    CHECK((absent.error().code == errc::unavailable || absent.error().code == errc::timeout));
    CHECK(absent.error().what.contains("no-such-host.invalid"));
}

TEST_CASE("a refused identity is said to be refused, on both sides") {
    server_fixture server;
    run_loop loop;
    net::http_client nobody(loop.executor(), source_of(server.ca.anonymous_client()), {"127.0.0.1", server.port(), ""});
    auto const refused = loop.run(nobody.send(get("/ok"), 5s));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::denied);
    CHECK(refused.error().what.contains("refused this identity"));

    test_ca other;
    auto const stranger = other.context(net::tls_role::client, other.issue("spiffe://test/workload/app"));
    net::http_client distrustful(loop.executor(), source_of(stranger), {"127.0.0.1", server.port(), ""});
    auto const distrusted = loop.run(distrustful.send(get("/ok"), 5s));
    REQUIRE_FALSE(distrusted);
    INFO(distrusted.error().what);
    CHECK(distrusted.error().code == errc::denied);
    CHECK(distrusted.error().what.contains("server's certificate was refused: not issued by the test CA"));
}

TEST_CASE("Q37: every wait of a client ends") {
    server_fixture server;
    run_loop loop;
    SECTION("an answer that does not come") {
        net::http_client client(loop.executor(), source_of(server.client), {"127.0.0.1", server.port(), ""});
        auto const late = loop.run(client.send(get("/hold"), 200ms));
        REQUIRE_FALSE(late);
        CHECK(late.error().code == errc::timeout);
        // The half-done connection is not used again.
        CHECK(loop.run(client.send(get("/ok"), 5s))->body.view() == "hello");
    }
    SECTION("a server that accepts and is silent") {
        auto const silent = net::listen_tcp({"127.0.0.1", 0});
        net::http_client client(loop.executor(), source_of(server.client), {"127.0.0.1", net::bound_port(silent->get()), ""},
            {.connect = 5s, .handshake = 150ms});
        auto const stuck = loop.run(client.send(get("/ok"), 5s));
        REQUIRE_FALSE(stuck);
        CHECK(stuck.error().code == errc::timeout);
        CHECK(stuck.error().what.contains("handshake"));
    }
    SECTION("a server that takes no connections, which is always said in the same way") {
        auto const full = net::listen_tcp({"127.0.0.1", 0});
        auto const port = net::bound_port(full->get());
        REQUIRE(::listen(full->get(), 0) == 0);
        base::unique_fd const only(connect_loopback(port, 5s));
        net::http_client client(loop.executor(), source_of(server.client), {"127.0.0.1", port, ""}, {.connect = 100ms});
        auto const late = loop.run(client.send(get("/ok"), 5s));
        REQUIRE_FALSE(late);
        CHECK(late.error().code == errc::timeout);
        CHECK(late.error().what == "connecting to 127.0.0.1:" + std::to_string(port) + " took too long");
    }
    SECTION("nobody there") {
        net::http_client client(loop.executor(), source_of(server.client), {"127.0.0.1", 1, ""});
        auto const absent = loop.run(client.send(get("/ok"), 5s));
        REQUIRE_FALSE(absent);
        CHECK(absent.error().code == errc::unavailable);
        CHECK(absent.error().what.contains("127.0.0.1:1"));
    }
    SECTION("no identity yet") {
        net::http_client client(loop.executor(), source_of(nullptr), {"127.0.0.1", server.port(), ""});
        CHECK(loop.run(client.send(get("/ok"), 5s)).error().code == errc::no_identity);
    }
}

TEST_CASE("a kept connection that the server closed is replaced; only a GET is sent twice") {
    test_ca ca;
    auto const server_context = ca.context(net::tls_role::server, ca.issue("spiffe://test/safe"), "X25519");
    auto const client_context = ca.context(net::tls_role::client, ca.issue("spiffe://test/a"), "X25519");
    std::string const good = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
    run_loop loop;
    SECTION("closed between requests") {
        scripted_server server(server_context, {good, good});
        net::http_client client(loop.executor(), source_of(client_context), server.where());
        REQUIRE(loop.run(client.send(get("/"), 5s)));
        REQUIRE(eventually(5s, [&] { return server.closed == 1; }));
        net::http_client_request post;
        post.method = "POST";
        post.target = "/";
        CHECK(loop.run(client.send(std::move(post), 5s)));
        CHECK(server.served == 2);
    }
    SECTION("no answer on a fresh connection is an error, even for a GET") {
        scripted_server server(server_context, {"", good});
        net::http_client client(loop.executor(), source_of(client_context), server.where());
        auto const reply = loop.run(client.send(get("/"), 5s));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == errc::unavailable);
        CHECK(server.served == 1);
    }
}

TEST_CASE("closing while an answer is awaited ends the request, not the program") {
    server_fixture server;
    run_loop loop;
    net::http_client client(loop.executor(), source_of(server.client), {"127.0.0.1", server.port(), ""});
    REQUIRE(loop.run(client.send(get("/ok"), 5s)));
    auto const close_soon = [](net::http_client& held) -> net::awaitable<base::result<int>> {
        (void)co_await net::sleep_for(50ms);
        held.close();
        co_return 0;
    };
    net::asio::co_spawn(loop.executor(), close_soon(client), net::asio::detached);
    auto const ended = loop.run(client.send(get("/hold"), 5s));
    REQUIRE_FALSE(ended);
    CHECK(ended.error().code == errc::cancelled);
    CHECK(loop.run(client.send(get("/ok"), 5s))->status == 200);  // on a new connection
    client.close();
    client.close();
}

TEST_CASE("answers are bounded and must be HTTP") {
    test_ca ca;
    auto const server_context = ca.context(net::tls_role::server, ca.issue("spiffe://test/safe"), "X25519");
    auto const client_context = ca.context(net::tls_role::client, ca.issue("spiffe://test/a"), "X25519");
    run_loop loop;
    std::pair<std::string, std::optional<errc>> const cases[] = {
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", {}},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", {}},
        {"HTTP/1.0 200 OK\r\n\r\nok", {}},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", errc::unavailable},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nok", errc::too_large},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", errc::too_large},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nTrailer: x\r\n\r\n", {}},
        {std::format("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x={}", std::string(100'000, 'x')), errc::too_large},
        {std::format("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: {}", std::string(100'000, 'x')), errc::too_large},
        {std::format("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", std::string(100'000, 'x')), errc::too_large},
        {"SSH-2.0-OpenSSH\r\n", errc::corrupt},
        {"HTTP/1.1 2000 OK\r\n\r\n", errc::corrupt},
    };
    for (auto const& [text, code] : cases) {
        INFO(text.substr(0, 100));
        scripted_server server(server_context, {text});
        net::http_client client(loop.executor(), source_of(client_context), server.where(), {.max_body_len = 5000});
        auto const reply = loop.run(client.send(get("/"), 5s));
        if (code) {
            REQUIRE_FALSE(reply);
                INFO(reply.error().what);
            CHECK(reply.error().code == *code);
        } else {
            REQUIRE(reply);
            CHECK(reply->body.view() == "ok");
        }
    }
}

TEST_CASE("what HTTP cannot carry is refused before it is sent") {
    run_loop loop;
    test_ca ca;
    net::http_client client(loop.executor(), source_of(nullptr), {"127.0.0.1", 1, ""});
    CHECK(loop.run(client.send(get("/a b"), 1s)).error().code == errc::invalid);
    CHECK(loop.run(client.send(get("a"), 1s)).error().code == errc::invalid);
    auto injected = get("/");
    injected.headers.emplace_back("X", "y\r\nZ: w");
    CHECK(loop.run(client.send(std::move(injected), 1s)).error().code == errc::invalid);
}

TEST_CASE("a new identity generation means a new connection") {
    class changing final : public net::tls_source {
    public:
        std::shared_ptr<net::tls_context const> current() const override { return now; }
        std::shared_ptr<net::tls_context const> now;
    };
    server_fixture server;
    run_loop loop;
    auto source = std::make_shared<changing>();
    source->now = server.client;
    net::http_client client(loop.executor(), source, {"127.0.0.1", server.port(), ""});
    CHECK(loop.run(client.send(get("/who"), 5s))->body.view() == "spiffe://test/workload/app");
    auto const next = server.ca.issue("spiffe://test/workload/next");
    source->now = server.ca.context(net::tls_role::client, next, "X25519", nullptr, 2);
    CHECK(loop.run(client.send(get("/who"), 5s))->body.view() == "spiffe://test/workload/next");
    CHECK(server.counters().accepted == 2);
}
