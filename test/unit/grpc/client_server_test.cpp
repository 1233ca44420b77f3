// The client against the server, over real sockets.
#include "grpc/client.hpp"
#include "grpc/server.hpp"
#include "support/descriptors.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace vsecm;
using namespace vsecm::grpc;
using namespace std::chrono_literals;
using vsecm::test::in;

namespace {

// Answers by the method's name; keeps the calls it holds open.
struct echo_service {
    std::vector<std::shared_ptr<server_call>> held;
    int num_closed = 0;

    void operator()(std::shared_ptr<server_call> call) {
        auto const method = split_path(call->path()).method;
        if (method == "Echo") {
            REQUIRE(call->send(call->request().bytes()));
            call->finish({});
        } else if (method == "Many") {
            for (int i = 0; i < 100; ++i) REQUIRE(call->send(call->request().bytes()));
            call->finish({});
        } else if (method == "Refuse") {
            call->finish({code::permission_denied, "no identity issued \xe2\x9c\x97"});
        } else if (method == "Half") {
            REQUIRE(call->send(base::as_bytes("one")));
            call->finish({code::unavailable, "going away"});
        } else if (method == "Hold") {
            call->on_closed([this] { ++num_closed; });
            held.push_back(std::move(call));
        } else if (method == "Header") {
            std::string all;
            for (auto const& entry : call->headers()) all += entry.name + "=" + entry.value + ";";
            REQUIRE(call->send(base::as_bytes(all)));
            call->finish({});
        } else {
            call->finish(server::unimplemented(*call));
        }
    }
};

struct fixture {
    test::temp_folder folder;
    test::run_loop loop;
    std::shared_ptr<echo_service> service = std::make_shared<echo_service>();
    std::string path = folder.path() + "/api.sock";
    std::unique_ptr<server> serving;

    explicit fixture(server_options options = {}) {
        serving = make(options);
        REQUIRE(serving->listen_unix(path, 0600));
    }
    std::unique_ptr<server> make(server_options options) {
        return std::make_unique<server>(loop.executor(),
                                        [s = service](std::shared_ptr<server_call> call) { (*s)(std::move(call)); }, options);
    }
    endpoint where() const { return {endpoint::kind::unix_path, path, "", 0}; }
    client connect(limits bounds = {}) { return loop.run(client::connect(where(), bounds, in(5s))).value(); }
    base::result<base::secret_text> unary(client& c, std::string method, std::string_view request) {
        return loop.run(c.unary("/Test/" + method, {}, base::secret_text(request), in(10s)));
    }
};

}  // namespace

TEST_CASE("unary calls of every size come back equal") {
    fixture f;
    auto c = f.connect();
    for (std::size_t const len : {0UZ, 1UZ, 5UZ, 16383UZ, 16384UZ, 65535UZ, 65536UZ, 1'048'576UZ, 3'000'000UZ}) {
        std::string request(len, 'r');
        for (std::size_t i = 0; i < len; ++i) request[i] = static_cast<char>(i * 31);
        auto const answer = f.unary(c, "Echo", request);
        REQUIRE(answer);
        CHECK(answer->view() == request);
    }
    CHECK(c.usable());
}

TEST_CASE("a status comes with its message, with and without messages before it") {
    fixture f;
    auto c = f.connect();
    auto const refused = f.unary(c, "Refuse", "");
    CHECK(refused.error().code == base::errc::denied);
    CHECK(refused.error().what == "PERMISSION_DENIED: no identity issued \xe2\x9c\x97");
    auto const unknown = f.unary(c, "Nothing", "");
    CHECK(unknown.error().code == base::errc::unsupported);
    CHECK(unknown.error().what == "UNIMPLEMENTED: unknown method Nothing for service Test");
    CHECK(f.unary(c, "Half", "").error().code == base::errc::unavailable);
    CHECK(f.unary(c, "Many", "x").error().code == base::errc::corrupt);
}

TEST_CASE("a stream that is not read is held back, and nothing is lost") {
    fixture f;
    limits small;
    small.window_len = 65535;
    auto c = f.connect(small);
    std::string const request(50'000, 'm');
    auto stream = c.start("/Test/Many", {}, base::as_bytes(request));
    // Other calls go on meanwhile: the connection's window is not used up by the unread stream alone.
    for (int i = 0; i < 100; ++i) {
        auto const message = f.loop.run(stream.next(in(10s)));
        REQUIRE(message.has_value());
        REQUIRE(message->has_value());
        CHECK((*message)->view() == request);
    }
    CHECK_FALSE(f.loop.run(stream.next(in(10s))).value().has_value());
    CHECK(stream.ended().ok());
}

TEST_CASE("a held stream is pushed to, times out without ending, and is seen to be cancelled") {
    fixture f;
    auto c = f.connect();
    {
        auto stream = c.start("/Test/Hold", {}, {});
        f.loop.until([&] { return f.service->held.size() == 1; });
        CHECK(f.loop.run(stream.next(in(20ms))).error().code == base::errc::timeout);
        for (int i = 0; i < 3; ++i) {
            REQUIRE(f.service->held[0]->send(base::as_bytes("update")));
            CHECK(f.loop.run(stream.next(in(5s))).value()->view() == "update");
        }
        auto const answer = f.unary(c, "Echo", "beside it");
        CHECK(answer.value().view() == "beside it");
    }
    f.loop.until([&] { return f.service->num_closed == 1; });
    CHECK(f.service->held[0]->closed());
    CHECK(f.service->held[0]->send(base::as_bytes("late")));  // nobody listens: nothing happens
}

TEST_CASE("the caller's deadline reaches the server") {
    fixture f;
    auto c = f.connect();
    CHECK(f.loop.run(c.unary("/Test/Hold", {}, base::secret_text(), in(50ms))).error().code == base::errc::timeout);
    f.loop.until([&] { return f.service->num_closed == 1; });
}

TEST_CASE("metadata arrives, and headers beyond the limit end that call only") {
    server_options options;
    options.bounds.max_header_list_len = 2048;
    fixture f(options);
    auto c = f.connect();
    auto const seen = f.loop.run(c.unary("/Test/Header", {{"workload.spiffe.io", "true"}}, base::secret_text(), in(5s)));
    CHECK(seen.value().view().contains("workload.spiffe.io=true;"));
    auto const long_one = f.loop.run(c.unary("/Test/Header", {{"x", std::string(3000, 'x')}}, base::secret_text(), in(5s)));
    CHECK_FALSE(long_one.has_value());
    CHECK(f.unary(c, "Echo", "still here").value().view() == "still here");
}

TEST_CASE("messages beyond the limit are refused on both sides") {
    server_options options;
    options.bounds.max_message_len = 1000;
    fixture f(options);
    auto c = f.connect();
    CHECK(f.unary(c, "Echo", std::string(1001, 'x')).error().code == base::errc::limited);
    CHECK(f.unary(c, "Echo", std::string(1000, 'x')).has_value());
    limits small;
    small.max_message_len = 10;
    auto picky = f.connect(small);
    CHECK(f.unary(picky, "Echo", "longer than ten").error().code == base::errc::limited);
    CHECK(f.unary(picky, "Echo", "short").has_value());
}

TEST_CASE("a caller that never reads is cut off, not buffered without end") {
    server_options options;
    options.max_queued_len = 1'000'000;
    fixture f(options);
    auto c = f.connect();
    auto stream = c.start("/Test/Hold", {}, {});
    f.loop.until([&] { return f.service->held.size() == 1; });
    std::string const block(100'000, 'b');
    base::status sent;
    for (int i = 0; i < 100 && sent; ++i) sent = f.service->held[0]->send(base::as_bytes(block));
    CHECK(sent.error().code == base::errc::limited);
}

TEST_CASE("a held stream outlives many questions whether the server is there") {
    fixture f;
    limits bounds;
    bounds.ping_after = 20ms;
    bounds.ping_patience = 5s;
    auto c = f.connect(bounds);
    auto stream = c.start("/Test/Hold", {}, {});
    f.loop.until([&] { return f.service->held.size() == 1; });
    CHECK(f.loop.run(stream.next(in(500ms))).error().code == base::errc::timeout);
    REQUIRE(f.service->held[0]->send(base::as_bytes("at last")));
    auto const last = f.loop.run(stream.next(in(10s)));
    REQUIRE(last);
    CHECK((*last)->view() == "at last");
}

TEST_CASE("connecting explains itself") {
    fixture f;
    auto const missing = f.loop.run(client::connect({endpoint::kind::unix_path, f.folder.path() + "/no.sock", "", 0}, {}, in(5s)));
    CHECK(missing.error().code == base::errc::not_found);
    auto const too_long = f.loop.run(client::connect({endpoint::kind::unix_path, std::string(200, 'p'), "", 0}, {}, in(5s)));
    CHECK(too_long.error().code == base::errc::invalid);
    f.serving->stop();
    CHECK(::access(f.path.c_str(), F_OK) != 0);
}

TEST_CASE("a lost server is UNAVAILABLE for every call on it") {
    fixture f;
    auto c = f.connect();
    auto stream = c.start("/Test/Hold", {}, {});
    f.loop.until([&] { return f.service->held.size() == 1; });
    f.serving->stop();
    CHECK_FALSE(f.loop.run(stream.next(in(5s))).value().has_value());
    CHECK(stream.ended().status == code::unavailable);
    CHECK_FALSE(c.usable());
    CHECK(f.unary(c, "Echo", "x").error().code == base::errc::unavailable);
    CHECK(f.service->num_closed == 1);
}

TEST_CASE("TCP works the same") {
    fixture f;
    auto const port = f.serving->listen_tcp("127.0.0.1", 0).value();
    auto c = f.loop.run(client::connect({endpoint::kind::tcp, "", "127.0.0.1", port}, {}, in(5s))).value();
    CHECK(f.unary(c, "Echo", "tcp").value().view() == "tcp");
    CHECK(f.serving->listen_tcp("localhost", 0).error().code == base::errc::invalid);
}

TEST_CASE("socket files: the mode is set, live ones and other files are left alone, stale ones replaced") {
    fixture f;
    struct ::stat info {};
    REQUIRE(::stat(f.path.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    auto second = f.make({});
    CHECK(second->listen_unix(f.path, 0600).error().code == base::errc::conflict);
    auto const plain = f.folder.path() + "/plain";
    REQUIRE(::symlink("/nonexistent", plain.c_str()) == 0);
    CHECK(second->listen_unix(plain, 0600).error().code == base::errc::conflict);
    // A socket whose server died without cleaning up.
    auto const stale = f.folder.path() + "/stale.sock";
    int const fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    stale.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(fd, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
    ::close(fd);
    CHECK(second->listen_unix(stale, 0660));
    CHECK(second->listen_unix(f.folder.path() + "/" + std::string(200, 'x'), 0600).error().code == base::errc::invalid);
}

TEST_CASE("connections beyond the limit, silent ones and idle ones are closed") {
    server_options options;
    options.max_connections = 1;
    fixture f(options);
    auto c = f.connect();
    CHECK(f.unary(c, "Echo", "one").has_value());
    auto second = f.connect();
    CHECK(f.unary(second, "Echo", "two").error().code == base::errc::unavailable);

    server_options quick;
    quick.handshake_timeout = 0s;
    fixture g(quick);
    int const fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    g.path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(fd, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
    bool seen = false;
    g.loop.until([&] {
        seen = seen || g.serving->num_connections() == 1;
        return seen && g.serving->num_connections() == 0;
    });
    ::close(fd);
}

TEST_CASE("no program that is started here inherits a socket, of either kind and at either end") {
    auto const before = test::inheritable();
    fixture f;
    auto const port = f.serving->listen_tcp("127.0.0.1", 0).value();
    auto by_path = f.connect();
    auto by_port = f.loop.run(client::connect({endpoint::kind::tcp, "", "127.0.0.1", port}, {}, in(5s))).value();
    CHECK(f.unary(by_path, "Echo", "x"));
    CHECK(f.unary(by_port, "Echo", "x"));
    CHECK(f.serving->num_connections() == 2);
    CHECK(test::inheritable() == before);
}
