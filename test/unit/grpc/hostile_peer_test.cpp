// Peers that do not behave: frames made by hand, cut anywhere, wrong on purpose, and at random.
#include "grpc/client.hpp"
#include "grpc/server.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <random>

using namespace vsecm;
using namespace vsecm::grpc;
using namespace std::chrono_literals;
using vsecm::test::in;
namespace asio = net::asio;

namespace {

enum frame_type : char { data = 0, headers = 1, rst_stream = 3, settings = 4, ping = 6, goaway = 7, window_update = 8, continuation = 9 };
constexpr char end_stream = 1;
constexpr char end_headers = 4;
constexpr char ack = 1;

std::string number(std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
    return out;
}
std::string frame(frame_type type, char flags, std::uint32_t stream, std::string_view payload) {
    return number(static_cast<std::uint32_t>(payload.size())).substr(1) + static_cast<char>(type) + flags + number(stream) + std::string(payload);
}
// HPACK: a literal, not indexed, with a new name.
std::string field(std::string_view name, std::string_view value) {
    std::string out(1, '\0');
    out.push_back(static_cast<char>(name.size()));
    out.append(name);
    out.push_back(static_cast<char>(value.size()));
    return out.append(value);
}
std::string message(std::string_view text) { return std::string(1, '\0') + number(static_cast<std::uint32_t>(text.size())) + std::string(text); }

std::string const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
std::string const hello = frame(settings, 0, 0, "");
std::string const ok_headers = field(":status", "200") + field("content-type", "application/grpc");

// A "server" that says what it is told to the first caller, in pieces of `step` bytes, and keeps what it hears.
struct scripted_server {
    test::temp_folder folder;
    test::run_loop loop;
    asio::basic_socket_acceptor<asio::local::stream_protocol, net::executor> acceptor{
        loop.executor(), asio::local::stream_protocol::endpoint(folder / "s")};
    net::unix_socket peer{loop.executor()};
    std::string heard;
    std::array<char, 4096> input;
    bool lost = false;

    void listen_on() {
        peer.async_read_some(asio::buffer(input), [this](net::error_code ec, std::size_t len) {
            heard.append(input.data(), len);
            lost = lost || ec;
            if (!ec) listen_on();
        });
    }

    // Calls, answers with `script`, and gives the messages received and how the call ended.
    std::pair<std::vector<std::string>, call_status> call(std::string const& script, std::size_t step = 0, bool then_close = true) {
        bool accepted = false;
        acceptor.async_accept(peer, [&](net::error_code) { accepted = true; });
        auto c = loop.run(client::connect({endpoint::kind::unix_path, folder / "s", {}, 0}, {}, in(5s))).value();
        auto stream = c.start("/Test/Method", {}, {});
        loop.until([&] { return accepted; });
        heard.clear();
        listen_on();
        loop.until([&] { return heard.contains("grpc") || heard.size() > 60; });
        net::error_code ignored;
        for (std::size_t at = 0; at < script.size();) {
            auto const len = step == 0 ? script.size() : std::min(step, script.size() - at);
            asio::write(peer, asio::buffer(script.data() + at, len), ignored);
            at += len;
            if (step != 0) loop.context.poll();
        }
        if (then_close) peer.shutdown(asio::socket_base::shutdown_send, ignored);
        std::vector<std::string> got;
        for (;;) {
            auto next = loop.run(stream.next(in(10s)));
            REQUIRE(next);
            if (!*next) break;
            got.emplace_back((*next)->view());
        }
        auto const end = stream.ended();
        peer.close(ignored);
        loop.context.restart();
        loop.context.poll();
        return {got, end};
    }
};

std::string good_answer() {
    return hello + frame(headers, end_headers, 1, ok_headers) + frame(data, 0, 1, message("hello") + message("again")) +
           frame(headers, end_headers | end_stream, 1, field("grpc-status", "0"));
}

net::awaitable<bool> sleep(std::chrono::milliseconds how_long) {
    net::timer pause(co_await asio::this_coro::executor, how_long);
    co_await pause.async_wait(net::as_result);
    co_return true;
}

}  // namespace

TEST_CASE("an answer is the same however its bytes arrive") {
    scripted_server s;
    for (std::size_t const step : {0UZ, 1UZ, 2UZ, 7UZ, 31UZ}) {
        auto const [got, end] = s.call(good_answer(), step);
        CHECK(got == std::vector<std::string>{"hello", "again"});
        CHECK(end.ok());
    }
}

TEST_CASE("every way a call may end has its status") {
    struct row {
        std::string script;
        code status;
        std::string_view text;
    };
    auto const end_with = [](std::string const& block) { return frame(headers, end_headers | end_stream, 1, block); };
    scripted_server s;
    for (auto const& [script, status, text] : {
             row{end_with(ok_headers + field("grpc-status", "7") + field("grpc-message", "no identity issued")), code::permission_denied, "no identity issued"},
             row{end_with(ok_headers + field("grpc-status", "7") + field("grpc-message", " 100%25 %zz ")), code::permission_denied, " 100% %zz "},
             row{end_with(ok_headers), code::unknown, "without a grpc-status"},
             row{end_with(ok_headers + field("grpc-status", "00")), code::unknown, ""},
             row{end_with(ok_headers + field("grpc-status", "17")), code::unknown, ""},
             row{end_with(ok_headers + field("grpc-status", "ok")), code::unknown, ""},
             row{end_with(field(":status", "503") + field("content-type", "text/html")), code::unavailable, "HTTP 503"},
             row{end_with(field(":status", "404")), code::unimplemented, "HTTP 404"},
             row{end_with(field(":status", "401")), code::unauthenticated, "HTTP 401"},
             row{end_with(field(":status", "200") + field("content-type", "text/html")), code::unknown, "text/html"},
             row{frame(headers, end_headers, 1, field(":status", "103")) + end_with(ok_headers + field("grpc-status", "5")), code::not_found, ""},
             // A status before the messages says nothing; the trailers do.
             row{frame(headers, end_headers, 1, ok_headers + field("grpc-status", "0")) + end_with(field("grpc-status", "13")), code::internal, ""},
             row{frame(headers, end_headers, 1, ok_headers) + frame(data, 0, 1, message("cut").substr(0, 6)) + end_with(field("grpc-status", "0")), code::internal, "middle"},
             row{frame(headers, end_headers, 1, ok_headers) + frame(data, 0, 1, "\x01" + number(1) + "x"), code::internal, "compressed"},
             row{frame(headers, end_headers, 1, ok_headers) + frame(data, 0, 1, std::string(1, '\0') + number(0x7fffffff)), code::resource_exhausted, "bytes"},
             row{frame(headers, end_headers, 1, ok_headers) + frame(data, end_stream, 1, ""), code::unknown, "without a grpc-status"},
             row{frame(data, 0, 1, message("early")), code::unavailable, ""},  // the whole connection is at fault
             row{frame(headers, end_headers, 1, ok_headers) + frame(headers, end_headers, 1, field("a", "b")), code::internal, ""},
             row{frame(rst_stream, 0, 1, number(7)), code::unavailable, "REFUSED"},
             row{frame(rst_stream, 0, 1, number(8)), code::cancelled, ""},
             row{frame(rst_stream, 0, 1, number(11)), code::resource_exhausted, ""},
             row{frame(rst_stream, 0, 1, number(12)), code::permission_denied, ""},
             row{frame(rst_stream, 0, 1, number(0)), code::internal, ""},
             row{frame(goaway, 0, 0, number(0) + number(0)), code::unavailable, ""},
             row{"", code::unavailable, "connection lost"},
             row{std::string(2000, '\xff'), code::unavailable, ""},
             row{frame(headers, end_headers, 1, "\xff\xff\xff\xff\xff\xff"), code::unavailable, ""},  // broken HPACK
             row{frame(headers, 0, 1, ok_headers) + frame(ping, 0, 0, "12345678"), code::unavailable, ""},
         }) {
        auto const [got, end] = s.call(hello + script);
        CAPTURE(end.message, name_of(end.status));
        CHECK(end.status == status);
        CHECK(end.message.contains(text));
    }
    // A long header list.
    std::string block = ok_headers;
    for (int i = 0; i < 200; ++i) block += field("x" + std::to_string(i), std::string(120, 'y'));
    auto const [got, end] = s.call(hello + frame(headers, 0, 1, block.substr(0, 16000)) + frame(continuation, end_headers, 1, block.substr(16000)));
    CHECK(end.status == code::resource_exhausted);
}

TEST_CASE("PING is answered") {
    scripted_server s;
    auto const [got, end] = s.call(hello + frame(ping, 0, 0, "12345678") + good_answer().substr(hello.size()));
    CHECK(end.ok());
    s.loop.context.restart();
    s.loop.context.poll();
    CHECK(s.heard.contains(frame(ping, ack, 0, "12345678")));
}

TEST_CASE("a peer that has fallen silent is asked, and lost if it does not answer") {
    scripted_server s;
    limits bounds;
    bounds.ping_after = 100ms;
    bounds.ping_patience = 150ms;
    bool accepted = false;
    s.acceptor.async_accept(s.peer, [&](net::error_code) { accepted = true; });
    auto c = s.loop.run(client::connect({endpoint::kind::unix_path, s.folder / "s", {}, 0}, bounds, in(5s))).value();
    s.loop.until([&] { return accepted; });
    s.listen_on();
    asio::write(s.peer, asio::buffer(hello));
    // Without a call nobody is asked.
    s.loop.run(sleep(400ms));
    auto const asked = frame(ping, 0, 0, std::string(8, '\0'));
    CHECK_FALSE(s.heard.contains(asked));

    auto stream = c.start("/Test/Hold", {}, {});
    for (int round = 0; round < 5; ++round) {
        s.heard.clear();
        s.loop.until([&] { return s.heard.contains(asked); });
        asio::write(s.peer, asio::buffer(frame(ping, ack, 0, std::string(8, '\0'))));
    }
    CHECK(s.loop.run(stream.next(in(1ms))).error().code == base::errc::timeout);  // alive
    auto const begun = std::chrono::steady_clock::now();
    auto const next = s.loop.run(stream.next(in(10s)));
    REQUIRE(next);
    CHECK_FALSE(next->has_value());
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(stream.ended().status == code::unavailable);
    CHECK(stream.ended().message.contains("does not answer any more"));
    CHECK_FALSE(c.usable());
}

TEST_CASE("answers damaged at random end the call and nothing else") {
    scripted_server s;
    std::mt19937 random(17);
    for (int round = 0; round < 400; ++round) {
        auto script = good_answer();
        for (auto flips = 1 + random() % 4; flips > 0; --flips) script[random() % script.size()] = static_cast<char>(random());
        if (random() % 4 == 0) script.resize(random() % script.size());
        auto const [got, end] = s.call(script);
        CHECK(got.size() <= 2);
    }
}

TEST_CASE("requests damaged at random, floods and bombs leave the server serving") {
    test::temp_folder folder;
    test::run_loop loop;
    std::vector<std::shared_ptr<server_call>> held;
    server serving(loop.executor(), [&](std::shared_ptr<server_call> call) {
        if (call->path() == "/Test/Hold") {
            if (held.size() < 10) held.push_back(std::move(call));
            else call->finish({});
            return;
        }
        static_cast<void>(call->send(call->request().bytes()));
        call->finish({});
    });
    REQUIRE(serving.listen_unix(folder / "s", 0600));
    auto const request_headers = [](std::string_view path) {
        return field(":method", "POST") + field(":scheme", "http") + field(":path", path) + field(":authority", "localhost") +
               field("content-type", "application/grpc") + field("te", "trailers");
    };
    auto const request = [&](std::uint32_t stream, std::string_view path = "/Test/Echo") {
        return frame(headers, end_headers, stream, request_headers(path)) + frame(data, end_stream, stream, message("hello"));
    };
    // Says `script`, reads until the server closes or has been silent for a moment, and hangs up.
    auto const shout = [&](std::string const& script) {
        net::unix_socket peer(loop.executor());
        peer.connect(asio::local::stream_protocol::endpoint(folder / "s"));
        std::string heard;
        std::array<char, 4096> input;
        bool done = false, written = false;
        std::function<void()> listen = [&] {
            peer.async_read_some(asio::buffer(input), [&](net::error_code ec, std::size_t len) {
                heard.append(input.data(), len);
                if (ec) done = true;
                else listen();
            });
        };
        listen();
        asio::async_write(peer, asio::buffer(script), [&](net::error_code, std::size_t) {
            net::error_code ignored;
            peer.shutdown(asio::socket_base::shutdown_send, ignored);
            written = true;
        });
        loop.until([&] { return done; });
        net::error_code ignored;
        peer.close(ignored);
        loop.until([&] { return written; });
        return heard;
    };

    CHECK(shout(preface + hello + request(1)).contains("hello"));
    std::mt19937 random(23);
    for (int round = 0; round < 400; ++round) {
        auto script = preface + hello + request(1) + frame(ping, 0, 0, "12345678") + request(3);
        for (auto flips = 1 + random() % 5; flips > 0; --flips) {
            auto const at = random() % 3 == 0 ? random() % script.size() : preface.size() + random() % (script.size() - preface.size());
            script[at] = static_cast<char>(random());
        }
        if (random() % 4 == 0) script.resize(random() % script.size());
        shout(script);
    }
    shout("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    shout(std::string(100'000, '\0'));
    // Rapid reset, many streams, settings and pings without end, an endless header block.
    std::string resets = preface + hello, streams = resets, pings = resets, updates = resets, endless = resets, header_bomb = resets;
    for (std::uint32_t i = 0; i < 5000; ++i) {
        resets += request(2 * i + 1, "/Test/Hold") + frame(rst_stream, 0, 2 * i + 1, number(8));
        if (i < 500) streams += request(2 * i + 1, "/Test/Hold");
        pings += frame(ping, 0, 0, "12345678");
        updates += hello;
    }
    endless += frame(headers, 0, 1, request_headers("/Test/Echo"));
    for (int i = 0; i < 2000; ++i) endless += frame(continuation, 0, 1, field("x", std::string(100, 'y')));
    std::string bomb = request_headers("/Test/Echo") + "\x40\x01" "b\x7f" + std::string(1, '\x01') + std::string(128, 'z');
    for (int i = 0; i < 10'000; ++i) bomb.push_back('\xbe');  // the same indexed field again and again
    for (std::size_t at = 0; at < bomb.size(); at += 16'000)
        header_bomb += frame(at == 0 ? headers : continuation, at + 16'000 >= bomb.size() ? end_headers : '\0', 1, bomb.substr(at, 16'000));
    for (auto const& script : {resets, streams, pings, updates, endless, header_bomb}) shout(script);

    CHECK(serving.num_connections() == 0);
    CHECK(held.size() <= 10);
    for (auto const& call : held) CHECK(call->closed());
    auto c = loop.run(client::connect({endpoint::kind::unix_path, folder / "s", {}, 0}, {}, in(5s))).value();
    CHECK(loop.run(c.unary("/Test/Echo", {}, base::secret_text("alive"), in(5s))).value().view() == "alive");
    serving.stop();
}

TEST_CASE("wrong requests get the answers gRPC servers give") {
    test::temp_folder folder;
    test::run_loop loop;
    int num_handled = 0;
    server serving(loop.executor(), [&](std::shared_ptr<server_call> call) {
        ++num_handled;
        call->finish({});
    });
    REQUIRE(serving.listen_unix(folder / "s", 0600));
    auto const ask = [&](std::string const& block, std::string const& body, bool ends = true) {
        net::unix_socket peer(loop.executor());
        peer.connect(asio::local::stream_protocol::endpoint(folder / "s"));
        std::string const script = preface + hello + frame(headers, end_headers, 1, block) + frame(data, ends ? end_stream : '\0', 1, body);
        asio::write(peer, asio::buffer(script));
        std::string heard;
        std::array<char, 4096> input;
        bool done = false;
        std::function<void()> listen = [&] {
            peer.async_read_some(asio::buffer(input), [&](net::error_code ec, std::size_t len) {
                heard.append(input.data(), len);
                // The end of stream 1: HEADERS with END_STREAM, or RST_STREAM.
                done = ec || heard.contains(std::string("\x01\x05\x00\x00\x00\x01", 6)) || heard.contains(std::string("\x03\x00\x00\x00\x00\x01", 6));
                if (!done) listen();
            });
        };
        listen();
        loop.until([&] { return done; });
        return heard;
    };
    auto const block = [](std::string_view method, std::string_view type, std::string const& more = {}) {
        return field(":method", method) + field(":scheme", "http") + field(":path", "/Test/X") + field(":authority", "localhost") +
               field("content-type", type) + field("te", "trailers") + more;
    };
    // HPACK writes "405" and the like with Huffman codes; what matters here is that the service never saw the call.
    ask(block("GET", "application/grpc"), message(""));
    ask(block("POST", "application/json"), message(""));
    ask(block("POST", "application/grpcx"), message(""));
    ask(block("POST", "application/grpc", field("grpc-timeout", "soon")), message(""));
    ask(block("POST", "application/grpc"), "");
    ask(block("POST", "application/grpc"), message("a") + message("b"));
    ask(block("POST", "application/grpc"), message("half").substr(0, 7));
    ask(block("POST", "application/grpc", field("connection", "close")), message(""));
    ask(block("POST", "application/grpc", field(":path", "/Test/Y")), message(""));
    CHECK(num_handled == 0);
    ask(block("POST", "application/grpc+proto"), message(""));
    CHECK(num_handled == 1);
    serving.stop();
}
