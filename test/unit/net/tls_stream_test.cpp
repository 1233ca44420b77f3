#include "net/tls_stream.hpp"

#include "net/deadline.hpp"
#include "support/process.hpp"
#include "unit/net/server_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace vsecm;
using namespace vsecm::test;
using namespace std::chrono_literals;

namespace {

// Carries bytes both ways, at most `piece` of them in a segment.
class slow_wire {
public:
    slow_wire(std::uint16_t to, std::size_t piece) : to_(to), piece_(piece) {
        listener_ = *net::listen_tcp({"127.0.0.1", 0});
        thread_ = std::thread([this] { carry(); });
    }
    ~slow_wire() {
        done_ = true;
        thread_.join();
    }
    std::uint16_t port() const { return net::bound_port(listener_.get()); }

private:
    void carry() {
        ::pollfd waiting{listener_.get(), POLLIN, 0};
        while (!done_ && ::poll(&waiting, 1, 50) == 0) {}
        if (done_) return;
        base::unique_fd const in(::accept(listener_.get(), nullptr, nullptr)), out(connect_local(to_));
        int const yes = 1;
        ::setsockopt(in.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        ::pollfd both[2] = {{in.get(), POLLIN, 0}, {out.get(), POLLIN, 0}};
        std::string buffer(piece_, '\0');
        while (!done_) {
            if (::poll(both, 2, 50) <= 0) continue;
            for (int i = 0; i < 2; ++i) {
                if (!(both[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
                auto const got = ::recv(both[i].fd, buffer.data(), buffer.size(), 0);
                if (got <= 0) return;
                if (::send(both[1 - i].fd, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) return;
            }
        }
    }
    std::uint16_t to_;
    std::size_t piece_;
    base::unique_fd listener_;
    std::atomic<bool> done_{false};
    std::thread thread_;
};

// Two streams that talk to each other, stepped by hand.
struct stream_pair {
    explicit stream_pair(std::string_view groups) : server_context(ca.context(net::tls_role::server, leaf, groups)) {
        auto const listener = *net::listen_tcp({"127.0.0.1", 0});
        net::tcp_socket near(loops.loop(), asio_v4(), connect_local(net::bound_port(listener.get())));
        net::tcp_socket far(loops.loop(), asio_v4(), ::accept(listener.get(), nullptr, nullptr));
        client.emplace(std::move(near), ca.context(net::tls_role::client, leaf, groups), net::tls_role::client);
        server.emplace(std::move(far), server_context, net::tls_role::server);
    }
    static net::asio::ip::tcp asio_v4() { return net::asio::ip::tcp::v4(); }
    bool handshake() {
        auto one = io_state::want_read, other = io_state::want_read;
        for (int i = 0; i < 1000 && (one != io_state::done || other != io_state::done); ++i) {
            if (one != io_state::done) one = stepped(*client).state;
            if (other != io_state::done) other = stepped(*server).state;
        }
        return one == io_state::done && other == io_state::done;
    }
    // One byte from `from`, as `to` receives it; 0 if it does not come.
    static char carry(net::tls_stream& from, net::tls_stream& to, char byte) {
        if (from.try_write(base::as_bytes(std::string_view(&byte, 1))).state != io_state::done) return 0;
        std::uint8_t got = 0;
        for (int i = 0; i < 1000; ++i) {
            to.note_readable();
            if (to.try_read({&got, 1}).state == io_state::done) return static_cast<char>(got);
            std::this_thread::sleep_for(1ms);
        }
        return 0;
    }

    static net::tls_stream::io_result stepped(net::tls_stream& stream) {
        stream.note_readable();
        return stream.try_handshake();
    }

    test_ca ca;
    test::leaf leaf = ca.issue("spiffe://test/either");
    std::shared_ptr<net::tls_context const> server_context;
    net::runtime loops;
    std::optional<net::tls_stream> client, server;

private:
    using io_state = net::tls_stream::io_state;
};

// Bytes of public keys that OpenSSL still keeps of the key exchange: of either end's share.
std::size_t kept_share_len(SSL* ssl) {
    std::size_t sum = 0;
    for (auto const get : {SSL_CTRL_GET_TMP_KEY, SSL_CTRL_GET_PEER_TMP_KEY}) {
        EVP_PKEY* share = nullptr;
        if (SSL_ctrl(ssl, get, 0, &share) != 1) continue;
        unsigned char* bytes = nullptr;
        sum += EVP_PKEY_get1_encoded_public_key(share, &bytes);
        OPENSSL_free(bytes);
        EVP_PKEY_free(share);
    }
    return sum;
}

}  // namespace

TEST_CASE("after the handshake neither end keeps a share of the key exchange, and the connection goes on") {
    for (auto const groups : {std::string_view("X25519"), net::default_groups, std::string_view("P-256")}) {
        stream_pair pair(groups);
        REQUIRE(pair.handshake());
        CHECK(kept_share_len(pair.client->native()) == 0);
        CHECK(kept_share_len(pair.server->native()) == 0);
        CHECK(stream_pair::carry(*pair.client, *pair.server, 'a') == 'a');
        REQUIRE(SSL_key_update(pair.server->native(), SSL_KEY_UPDATE_REQUESTED) == 1);
        CHECK(stream_pair::carry(*pair.server, *pair.client, 'b') == 'b');
        CHECK(stream_pair::carry(*pair.client, *pair.server, 'c') == 'c');
    }
}

TEST_CASE("what comes in one piece with the end of the handshake is not forgotten") {
    using enum net::tls_stream::io_state;
    stream_pair pair("X25519");
    for (int i = 0; stream_pair::stepped(*pair.client).state != done; ++i) {
        REQUIRE(i < 1000);
        REQUIRE(stream_pair::stepped(*pair.server).state == want_read);
    }
    REQUIRE(pair.client->try_write(base::as_bytes(std::string_view("early"))).state == done);
    auto const sent = BIO_number_written(SSL_get_wbio(pair.client->native()));
    auto const taken = BIO_number_read(SSL_get_rbio(pair.server->native()));
    REQUIRE(eventually(5s, [&] {
        int unread = 0;
        return ::ioctl(pair.server->socket().native_handle(), FIONREAD, &unread) == 0 && static_cast<std::uint64_t>(unread) == sent - taken;
    }));
    REQUIRE(stream_pair::stepped(*pair.server).state == done);
    std::uint8_t got[16] = {};
    auto const read = pair.server->try_read(got);
    REQUIRE(read.state == done);
    CHECK(base::as_text({got, read.len}) == "early");
    CHECK(pair.server->try_read(got).state == want_read);
    CHECK_FALSE(pair.server->has_buffered());
}

TEST_CASE("one byte in a segment is enough, in both directions") {
    server_fixture server;
    slow_wire wire(server.port(), 1);
    blocking_client client(wire.port(), server.client);
    REQUIRE(client.handshake());
    CHECK(client.get("/ok").body == "hello");
    std::string const body(3000, 'x');
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3000\r\n\r\n" + body);
    CHECK(client.receive().body == body);
}

TEST_CASE("a record that arrives with the next one behind it is not forgotten") {
    // Both records are in the first recv: OpenSSL holds the second, and the socket never becomes readable again.
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    BIO* const memory = BIO_new(BIO_s_mem());
    BIO_up_ref(SSL_get_wbio(client.ssl()));
    BIO* const socket = SSL_get_wbio(client.ssl());
    SSL_set0_wbio(client.ssl(), memory);
    REQUIRE(client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-"));
    REQUIRE(client.send("Length: 5\r\n\r\nab"));
    REQUIRE(client.send("cde"));
    char* bytes = nullptr;
    auto const len = BIO_get_mem_data(memory, &bytes);
    REQUIRE(::send(client.fd(), bytes, static_cast<std::size_t>(len), 0) == len);
    SSL_set0_wbio(client.ssl(), socket);
    CHECK(client.receive().body == "abcde");
}

TEST_CASE("large bodies cross in both directions") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    CHECK(client.get("/big?n=5000000").body.size() == 5'000'000);
    std::string const body(1'200'000, 'y');
    client.send(std::format("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
    CHECK(client.receive().body == body);
}

TEST_CASE("key updates from the client are followed") {
    server_fixture server;
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    for (int i = 0; i < 3; ++i) {
        REQUIRE(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
        CHECK(client.get("/ok").body == "hello");
    }
}

TEST_CASE("TLS 1.2 clients of the original are served, older ones not") {
    server_options options;
    options.groups = net::default_groups;
    server_fixture server(options);
    {
        // In TLS 1.2 the list of groups also says which certificates are understood.
        blocking_client client(server.port(), server.ca.context(net::tls_role::client, server.client_leaf, "X25519:P-256"));
        SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
        REQUIRE(client.handshake());
        CHECK(SSL_version(client.ssl()) == TLS1_2_VERSION);
        CHECK(client.get("/who").body == "spiffe://test/workload/app");
        CHECK(SSL_renegotiate(client.ssl()) != 1);
    }
    blocking_client old(server.port(), server.client);
    SSL_set_min_proto_version(old.ssl(), TLS1_1_VERSION);
    SSL_set_max_proto_version(old.ssl(), TLS1_1_VERSION);
    CHECK_FALSE(old.handshake());
}

TEST_CASE("the context is as decided: hybrid group, AES-128, no tickets, no compression, HTTP/1.1") {
    server_options options;
    options.groups = net::default_groups;
    server_fixture server(options);
    blocking_client client(server.port(), server.ca.context(net::tls_role::client, server.client_leaf));
    REQUIRE(client.handshake());
    CHECK(client.get("/ok").status == 200);
    CHECK(std::string_view(SSL_get0_group_name(client.ssl())) == "X25519MLKEM768");
    CHECK(std::string_view(SSL_get_cipher_name(client.ssl())) == "TLS_AES_128_GCM_SHA256");
    CHECK(SSL_SESSION_has_ticket(SSL_get_session(client.ssl())) == 0);
    unsigned char const* chosen = nullptr;
    unsigned len = 0;
    SSL_get0_alpn_selected(client.ssl(), &chosen, &len);
    CHECK(std::string_view(reinterpret_cast<char const*>(chosen), len) == "http/1.1");

    blocking_client h2(server.port(), server.client);
    unsigned char const only_h2[] = {2, 'h', '2'};
    SSL_set_alpn_protos(h2.ssl(), only_h2, sizeof only_h2);
    CHECK_FALSE(h2.handshake());
}

TEST_CASE("unknown groups are an error, not a default") {
    auto const refused = net::new_ssl_ctx(net::tls_role::server, "X25519:NoSuchGroup");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == base::errc::invalid);
    CHECK(refused.error().what.contains("NoSuchGroup"));
}

TEST_CASE("who is refused learns it, and no request is served") {
    server_fixture server;
    test_ca stranger;
    auto const foreign = stranger.issue("spiffe://test/workload/app");
    // TLS 1.3: the client's own handshake succeeds; the alert comes with the first read.
    blocking_client nobody(server.port(), server.ca.anonymous_client());
    nobody.handshake();
    CHECK(nobody.get("/ok").status == 0);
    CHECK(nobody.last_error().contains("certificate required"));
    auto context = server.ca.context(net::tls_role::client, server.client_leaf);
    SSL_CTX_use_certificate(context->ctx.get(), foreign.cert.get());
    SSL_CTX_use_PrivateKey(context->ctx.get(), foreign.key.get());
    blocking_client forger(server.port(), context);
    forger.handshake();
    CHECK(forger.get("/ok").status == 0);
    CHECK(server.counters().requests == 0);
    CHECK(eventually(5s, [&] { return server.counters().handshakes_failed == 2; }));
}

TEST_CASE("plain HTTP and noise are refused without harm") {
    server_fixture server;
    for (std::string_view const noise : {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff", "\0\0\0\0\0\0\0\0"}) {
        int const fd = connect_local(server.port());
        ::send(fd, noise.data(), noise.size(), MSG_NOSIGNAL);
        ::shutdown(fd, SHUT_WR);
        char byte[512];
        while (::recv(fd, byte, sizeof byte, 0) > 0) {}
        ::close(fd);
    }
    blocking_client client(server.port(), server.client);
    REQUIRE(client.handshake());
    CHECK(client.get("/ok").status == 200);
}
