#include "net/http_client.hpp"

#include "base/try.hpp"
#include "net/http_parser.hpp"
#include "net/private_socket.hpp"
#include "net/resolver.hpp"


namespace vsecm::net {

using base::errc;
using base::fail;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t read_len = 16 * 1024;
constexpr std::size_t flat_request_len = 16 * 1024;

bool is_line_safe(std::string_view text) noexcept {
    for (char const c : text) {
        if (c == '\r' || c == '\n' || c == '\0') return false;
    }
    return true;
}

base::error network_error(std::string_view what, endpoint const& server, error_code why) {
    if (why == asio::error::operation_aborted) return {errc::cancelled, "the request was cancelled"};
    return {errc::unavailable, std::format("{} {}: {}", what, server.authority(), why.message())};
}

awaitable<base::result<tcp_socket>> connect_one(tcp::endpoint address, endpoint const& server) {
    tcp_socket socket(co_await asio::this_coro::executor);
    if (auto const unopened = open_private(socket, address.protocol())) co_return std::unexpected(network_error("no socket for", server, unopened));
    auto [failed] = co_await socket.async_connect(address, as_result);
    if (failed) co_return std::unexpected(network_error("cannot connect to", server, failed));
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    co_return base::result<tcp_socket>(std::move(socket));
}

// All addresses in turn; each gets an equal share of what is left, so that one black hole does not use it all up.
awaitable<base::result<tcp_socket>> connect(endpoint const& server, steady_clock::duration limit) {
    auto const ends = steady_clock::now() + limit;
    auto lookup = resolve(server);
    VSECM_CO_TRY(addresses, co_await with_deadline(std::move(lookup), limit, std::format("looking up {}", server.host)));
    base::result<tcp_socket> outcome = fail(errc::unavailable, "{} has no address", server.host);
    auto left = addresses.size();
    for (auto const& address : addresses) {
        auto const share = (ends - steady_clock::now()) / static_cast<int>(left--);
        if (share <= steady_clock::duration::zero()) break;
        auto attempt = connect_one(address, server);
        outcome = co_await with_deadline(std::move(attempt), share, std::format("connecting to {}", server.authority()));
        if (outcome || outcome.error().code == errc::cancelled) break;
    }
    // Without what was left to it: those who tell of trouble once know it by its sentence.
    if (!outcome && outcome.error().code == errc::timeout) outcome = fail(errc::timeout, "connecting to {} took too long", server.authority());
    co_return outcome;
}

}  // namespace

struct http_client::impl {
    std::shared_ptr<tls_source const> tls;
    endpoint server;
    http_client_limits limits;
    executor loop;
    std::unique_ptr<tls_stream> stream;  // the kept connection, idle between requests
    bool is_busy = false;                // a request uses it, and is suspended somewhere inside it

    awaitable<base::result<std::unique_ptr<tls_stream>>> open();
    bool usable(tls_context const& newest);
    awaitable<base::result<http_client_response>> exchange(http_client_request const& request);
    awaitable<base::result<http_client_response>> converse(http_client_request const& request, bool& answered, bool& reusable);
    awaitable<base::status> send(tls_stream& over, http_client_request const& request);
};

awaitable<base::result<std::unique_ptr<tls_stream>>> http_client::impl::open() {
    auto context = tls->current();
    if (!context) co_return fail(errc::no_identity, "there is no identity yet to show to {}", server.authority());
    VSECM_CO_TRY(socket, co_await connect(server, limits.connect));
    auto fresh = std::make_unique<tls_stream>(std::move(socket), std::move(context), tls_role::client);
    auto hello = fresh->handshake();
    auto shaken = co_await with_deadline(std::move(hello), limits.handshake, std::format("the TLS handshake with {}", server.authority()));
    if (!shaken) co_return std::unexpected(std::move(shaken).error());
    co_return base::result<std::unique_ptr<tls_stream>>(std::move(fresh));
}

// A kept connection on which anything has arrived is over: the server said goodbye, or it says what was not asked.
bool http_client::impl::usable(tls_context const& newest) {
    if (stream->context()->generation != newest.generation) return false;
    stream->note_readable();
    std::uint8_t byte;
    return stream->try_read({&byte, 1}).state == tls_stream::io_state::want_read;
}

awaitable<base::result<http_client_response>> http_client::impl::exchange(http_client_request const& request) {
    bool reused = false;
    if (stream) {
        auto const newest = tls->current();
        reused = newest && usable(*newest);
        if (!reused) {
            stream->try_shutdown();
            stream.reset();
        }
    }
    for (;;) {
        if (!stream) {
            VSECM_CO_TRY(fresh, co_await open());
            stream = std::move(fresh);
        }
        bool answered = false, reusable = false;
        auto response = co_await converse(request, answered, reusable);
        if (!reusable) {
            if (response) stream->try_shutdown();
            stream.reset();
        }
        if (response || answered || !reused || request.method != "GET" || response.error().code != errc::unavailable) {
            co_return response;
        }
        reused = false;  // the server had closed it just then: once more, on a fresh connection
    }
}

awaitable<base::status> http_client::impl::send(tls_stream& over, http_client_request const& request) {
    base::secret_text head;
    bool const flat = request.body.size() <= flat_request_len;
    head.reserve(512 + request.bearer.size() + (flat ? request.body.size() : 0));
    head.append(std::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", request.method, server.path, request.target, server.authority()));
    for (auto const& [name, value] : request.headers) head.append(std::format("{}: {}\r\n", name, value));
    if (!request.bearer.empty()) {
        head.append(std::string_view{"Authorization: Bearer "});
        head.append(request.bearer.view());
        head.append(std::string_view{"\r\n"});
    }
    if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
        head.append(std::format("Content-Length: {}\r\n", request.body.size()));
    }
    head.append("\r\n");
    if (flat) head.append(request.body.view());
    VSECM_CO_TRY_OK(co_await over.write_all(head.bytes()));
    if (!flat) VSECM_CO_TRY_OK(co_await over.write_all(request.body.bytes()));
    co_return base::status{};
}

awaitable<base::result<http_client_response>> http_client::impl::converse(http_client_request const& request, bool& answered,
    bool& reusable) {
    auto& over = *stream;
    auto const sent = co_await send(over, request);
    if (!sent && sent.error().code == errc::cancelled) co_return std::unexpected(sent.error());
    // Not sent in full is no reason not to listen: a server that refuses a large body answers early.
    http_client_response response;
    base::secret_text buffer, pending;
    buffer.resize(read_len);
    bool const is_head = request.method == "HEAD";
    auto parser = std::make_unique<response_parser>(response, limits, is_head);
    for (;;) {
        auto got = co_await over.read_some(buffer.span());
        parse_state state;
        std::size_t taken = 0;
        if (!got) {
            // What broke the sending explains more than that nothing came back, unless the server said why.
            if (!sent && got.error().code == errc::unavailable) co_return std::unexpected(sent.error());
            co_return std::unexpected(std::move(got).error());
        }
        if (*got == 0) {
            state = parser->feed_end();
        } else {
            answered = true;
            pending.append(buffer.view().substr(0, *got));
            state = parser->feed(pending.view(), taken);
        }
        // Interim answers (100, 103) come before the real one.
        while (state == parse_state::complete && response.status / 100 == 1 && response.status != 101) {
            base::secret_text rest(pending.view().substr(taken));
            pending = std::move(rest);
            response = {};
            parser = std::make_unique<response_parser>(response, limits, is_head);
            state = parse_state::need_more;
            if (!pending.empty()) state = parser->feed(pending.view(), taken);
        }
        if (state == parse_state::refused) co_return std::unexpected(parser->take_error());
        base::secret_text rest(pending.view().substr(taken));
        pending = std::move(rest);
        if (state == parse_state::complete) break;
    }
    response.peer = over.peer();
    reusable = sent && parser->keep_alive() && pending.empty() && !over.has_buffered();
    co_return base::result<http_client_response>(std::move(response));
}

http_client::http_client(executor loop, std::shared_ptr<tls_source const> tls, endpoint server, http_client_limits limits)
    : impl_(new impl{std::move(tls), std::move(server), limits, loop, nullptr}) {}
http_client::~http_client() = default;
http_client::http_client(http_client&&) noexcept = default;
http_client& http_client::operator=(http_client&&) noexcept = default;

awaitable<base::result<http_client_response>> http_client::send(http_client_request request, steady_clock::duration limit) {
    bool safe = is_line_safe(request.method) && is_line_safe(request.target) && request.target.starts_with('/') &&
                !request.target.contains(' ');
    safe = safe && is_line_safe(request.bearer.view());
    for (auto const& [name, value] : request.headers) safe = safe && is_line_safe(name) && is_line_safe(value);
    if (!safe) co_return fail(errc::invalid, "the request line or a header holds characters that HTTP cannot carry");
    impl_->is_busy = true;
    auto work = impl_->exchange(request);
    auto outcome = co_await with_deadline(std::move(work), limit, std::format("the request to {}", impl_->server.authority()));
    impl_->is_busy = false;
    if (!outcome && impl_->stream && (outcome.error().code == errc::timeout || outcome.error().code == errc::cancelled)) {
        impl_->stream.reset();  // an answer may be half way: never reused
    }
    co_return outcome;
}

endpoint const& http_client::server() const noexcept { return impl_->server; }

void http_client::close() {
    if (!impl_->stream) return;
    impl_->stream->try_shutdown();
    if (impl_->is_busy)
        impl_->stream->close();  // the request wakes, finds it closed, and drops it itself
    else
        impl_->stream.reset();
}

}  // namespace vsecm::net
