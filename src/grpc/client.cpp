#include "grpc/client.hpp"

#include "base/try.hpp"
#include "grpc/http2_session.hpp"
#include "net/private_socket.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <deque>
#include <map>

namespace vsecm::grpc {

namespace asio = net::asio;

class client_session;

// One call. Owned by its client_stream (and by a next() that waits); the session only points at it.
struct client_stream::state {
    state(std::shared_ptr<client_connection> c, net::executor ex, std::size_t max_message_len)
        : connection(std::move(c)), assembler(max_message_len), wake(ex) {}

    std::shared_ptr<client_connection> connection;
    std::int32_t stream = -1;
    outgoing_body request;
    message_assembler assembler;
    std::deque<base::secret_text> ready;
    std::size_t unconsumed_len = 0;  // received, but not yet given back to flow control
    std::optional<call_status> end;
    net::timer wake;

    // The header block being received, and what the first one said.
    bool answered = false;
    std::size_t block_len = 0;
    std::string http_status;
    std::string content_type;
    std::optional<std::string> grpc_status;
    std::string grpc_message;

    void finish(code c, std::string message) {
        if (end) return;
        end = call_status{c, std::move(message)};
        wake.cancel();
    }
};

namespace {

code code_of_http(std::string_view status) noexcept {
    if (status == "400") return code::internal;
    if (status == "401") return code::unauthenticated;
    if (status == "403") return code::permission_denied;
    if (status == "404") return code::unimplemented;
    if (status == "429" || status == "502" || status == "503" || status == "504") return code::unavailable;
    return code::unknown;
}

code code_of_reset(std::uint32_t http2_error) noexcept {
    switch (http2_error) {
        case NGHTTP2_REFUSED_STREAM: return code::unavailable;
        case NGHTTP2_CANCEL: return code::cancelled;
        case NGHTTP2_ENHANCE_YOUR_CALM: return code::resource_exhausted;
        case NGHTTP2_INADEQUATE_SECURITY: return code::permission_denied;
        default: return code::internal;
    }
}

code code_of_text(std::string_view text) noexcept {
    if (text.empty() || text.size() > 2 || (text.size() == 2 && text[0] == '0')) return code::unknown;
    int value = 0;
    for (char const c : text) {
        if (c < '0' || c > '9') return code::unknown;
        value = value * 10 + (c - '0');
    }
    return value <= 16 ? static_cast<code>(value) : code::unknown;
}

bool is_grpc(std::string_view content_type) noexcept { return content_type.starts_with("application/grpc"); }

}  // namespace

class client_session final : public http2_session {
public:
    client_session(stream_socket s, limits bounds) : http2_session(std::move(s), half::client, bounds, 0) {}

    bool usable() const noexcept { return open() && !going_away_; }

    void start_call(std::shared_ptr<client_stream::state> const& call, std::string const& path, metadata const& headers) {
        if (!usable()) return call->finish(code::unavailable, "the connection is closed");
        std::vector<nghttp2_nv> fields;
        auto const add = [&fields](std::string_view name, std::string_view value) {
            fields.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                              reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                              NGHTTP2_NV_FLAG_NONE});
        };
        add(":method", "POST");
        add(":scheme", "http");
        add(":path", path);
        add(":authority", "localhost");
        add("content-type", "application/grpc");
        add("user-agent", "vsecm/" VSECM_VERSION);
        add("te", "trailers");
        for (auto const& entry : headers) add(entry.name, entry.value);
        auto const provider = body_provider();
        auto const stream = nghttp2_submit_request2(raw(), nullptr, fields.data(), fields.size(), &provider, nullptr);
        if (stream < 0) return call->finish(code::unavailable, nghttp2_strerror(stream));
        call->stream = stream;
        calls_.emplace(stream, call.get());
        flush();
    }

    void forget(client_stream::state& call) {
        if (calls_.erase(call.stream) == 0) return;
        if (open()) {
            give_back(call);
            nghttp2_submit_rst_stream(raw(), NGHTTP2_FLAG_NONE, call.stream, NGHTTP2_CANCEL);
            flush();
        }
    }

    // The reader has taken all that was ready: let the sender go on.
    void give_back(client_stream::state& call) {
        if (call.unconsumed_len == 0 || !open()) return;
        if (calls_.contains(call.stream)) {
            nghttp2_session_consume(raw(), call.stream, call.unconsumed_len);
        } else {
            nghttp2_session_consume_connection(raw(), call.unconsumed_len);
        }
        call.unconsumed_len = 0;
        flush();
    }

private:
    client_stream::state* find(std::int32_t stream) {
        auto const at = calls_.find(stream);
        return at == calls_.end() ? nullptr : at->second;
    }
    void finish(std::int32_t stream, code c, std::string message) {
        auto* const call = find(stream);
        if (call != nullptr) call->finish(c, std::move(message));
    }
    void abort(std::int32_t stream, std::uint32_t http2_error, code c, std::string message) {
        finish(stream, c, std::move(message));
        nghttp2_submit_rst_stream(raw(), NGHTTP2_FLAG_NONE, stream, http2_error);
    }

    bool waits_for_peer() const override { return !calls_.empty(); }
    outgoing_body* outgoing_of(std::int32_t stream) override {
        auto* const call = find(stream);
        return call == nullptr ? nullptr : &call->request;
    }
    bool submit_trailers(std::int32_t) override { return false; }

    void on_header_block(std::int32_t stream) override {
        auto* const call = find(stream);
        if (call == nullptr) return;
        call->block_len = 0;
        if (!call->answered) call->http_status.clear();
    }
    bool on_header(std::int32_t stream, std::string_view name, std::string_view value) override {
        auto* const call = find(stream);
        if (call == nullptr) return true;
        call->block_len += name.size() + value.size() + 32;
        if (call->block_len > bounds().max_header_list_len) {
            call->finish(code::resource_exhausted, "the peer's headers are too long");
            return false;
        }
        if (name == ":status") call->http_status = value;
        if (name == "content-type" && !call->answered) call->content_type = value;
        if (name == "grpc-status") call->grpc_status = value;
        if (name == "grpc-message") call->grpc_message = percent_decode(value);
        return true;
    }
    void on_headers(std::int32_t stream, bool end_stream) override {
        auto* const call = find(stream);
        if (call == nullptr) return;
        if (!call->answered) {
            if (call->http_status.starts_with('1')) return;  // informational: the answer is still to come
            call->answered = true;
            bool const foreign = call->http_status != "200" || !is_grpc(call->content_type);
            if (foreign && !call->grpc_status)
                return abort(stream, NGHTTP2_CANCEL, code_of_http(call->http_status),
                             std::format("not a gRPC answer: HTTP {}, content type '{}'", call->http_status, call->content_type));
            // A status outside of trailers says nothing yet.
            if (!end_stream) call->grpc_status.reset();
        }
        if (end_stream) on_end(stream);
    }
    void on_data(std::int32_t stream, base::byte_view bytes) override {
        auto* const call = find(stream);
        if (call == nullptr) {  // cancelled meanwhile; the connection's window is given back all the same
            nghttp2_session_consume_connection(raw(), bytes.size());
            return;
        }
        call->unconsumed_len += bytes.size();
        if (call->end) return;
        std::vector<base::secret_text> whole;
        if (auto fed = call->assembler.feed(bytes, whole); !fed) {
            auto const c = fed.error().code == base::errc::too_large ? code::resource_exhausted : code::internal;
            return abort(stream, NGHTTP2_CANCEL, c, fed.error().what);
        }
        if (!call->answered) return abort(stream, NGHTTP2_PROTOCOL_ERROR, code::internal, "a message before any header");
        for (auto& message : whole) call->ready.push_back(std::move(message));
        // Until a message is whole its bytes are consumed at once: it may be larger than the window.
        if (call->ready.empty()) {
            nghttp2_session_consume(raw(), stream, call->unconsumed_len);
            call->unconsumed_len = 0;
        } else {
            call->wake.cancel();
        }
    }
    void on_end(std::int32_t stream) override {
        auto* const call = find(stream);
        if (call == nullptr || call->end) return;
        if (!call->grpc_status) return call->finish(code::unknown, "the call ended without a grpc-status");
        auto const c = code_of_text(*call->grpc_status);
        if (c == code::ok && !call->assembler.at_boundary())
            return call->finish(code::internal, "the call ended in the middle of a message");
        call->finish(c, std::move(call->grpc_message));
    }
    void on_stream_closed(std::int32_t stream, std::uint32_t http2_error) override {
        finish(stream, code_of_reset(http2_error), std::format("the stream was reset: {}", nghttp2_http2_strerror(http2_error)));
        if (auto* const call = find(stream); call != nullptr && call->unconsumed_len != 0) {
            nghttp2_session_consume_connection(raw(), call->unconsumed_len);
            call->unconsumed_len = 0;
        }
        calls_.erase(stream);
    }
    // Streams beyond the last one are closed by nghttp2 itself, as refused.
    void on_goaway(std::int32_t) override { going_away_ = true; }
    void on_lost(std::string_view why) override {
        auto const calls = std::exchange(calls_, {});
        for (auto const& [stream, call] : calls) call->finish(code::unavailable, std::format("connection lost: {}", why));
    }

    std::map<std::int32_t, client_stream::state*> calls_;
    bool going_away_ = false;
};

// What clients and calls share. The session itself is also owned by its pending reads, so the last of us closes it.
class client_connection {
public:
    explicit client_connection(std::shared_ptr<client_session> s) noexcept : session(std::move(s)) {}
    client_connection(client_connection const&) = delete;
    client_connection& operator=(client_connection const&) = delete;
    ~client_connection() { session->close("no longer used"); }
    std::shared_ptr<client_session> const session;
};

std::string endpoint::text() const {
    if (type == kind::unix_path) return "unix://" + path;
    return address.contains(':') ? std::format("tcp://[{}]:{}", address, port) : std::format("tcp://{}:{}", address, port);
}

client_stream& client_stream::operator=(client_stream&& other) noexcept {
    if (this != &other) {
        cancel();
        state_ = std::move(other.state_);
    }
    return *this;
}

client_stream::~client_stream() { cancel(); }

void client_stream::cancel() {
    if (!state_) return;
    state_->finish(code::cancelled, "cancelled by the caller");
    state_->connection->session->forget(*state_);
}

call_status const& client_stream::ended() const noexcept { return *state_->end; }

net::awaitable<base::result<std::optional<base::secret_text>>> client_stream::next(steady_time deadline) {
    auto const call = state_;  // stays alive while we wait, whatever happens to this object
    while (call->ready.empty()) {
        if (call->end) co_return std::optional<base::secret_text>{};
        if (std::chrono::steady_clock::now() >= deadline) co_return base::fail(base::errc::timeout, "no message in time");
        call->wake.expires_at(deadline);
        auto [ec] = co_await call->wake.async_wait(net::as_result);
        static_cast<void>(ec);  // woken or expired: looked at above
    }
    auto message = std::move(call->ready.front());
    call->ready.pop_front();
    if (call->ready.empty()) call->connection->session->give_back(*call);
    co_return std::optional<base::secret_text>{std::move(message)};
}

namespace {

base::result<asio::generic::stream_protocol::endpoint> address_of(endpoint const& where) {
    if (where.type == endpoint::kind::tcp) {
        net::error_code ec;
        auto const address = asio::ip::make_address(where.address, ec);
        if (ec) return base::fail(base::errc::invalid, "'{}' is not an IP address", where.address);
        return asio::generic::stream_protocol::endpoint(asio::ip::tcp::endpoint(address, where.port));
    }
    ::sockaddr_un probe{};
    if (where.path.empty() || where.path.size() >= sizeof probe.sun_path)
        return base::fail(base::errc::invalid, "a Unix socket path has 1 to {} bytes, this one {}", sizeof probe.sun_path - 1,
                          where.path.size());
    return asio::generic::stream_protocol::endpoint(asio::local::stream_protocol::endpoint(where.path));
}

base::errc errc_of_connect(net::error_code ec) noexcept {
    if (ec == boost::system::errc::no_such_file_or_directory) return base::errc::not_found;
    if (ec == boost::system::errc::permission_denied) return base::errc::denied;
    return base::errc::unavailable;
}

}  // namespace

net::awaitable<base::result<client>> client::connect(endpoint where, limits bounds, steady_time deadline) {
    VSECM_CO_TRY(address, address_of(where));
    auto const ex = co_await asio::this_coro::executor;
    auto socket = std::make_shared<stream_socket>(ex);
    if (auto const unopened = net::open_private(*socket, address.protocol()))
        co_return base::fail(base::errc::unavailable, "no socket for {}: {}", where.text(), unopened.message());
    net::timer limit(ex, deadline);
    auto late = std::make_shared<bool>(false);
    limit.async_wait([socket, late](net::error_code ec) {
        if (ec) return;
        *late = true;
        net::error_code ignored;
        socket->close(ignored);
    });
    auto [ec] = co_await socket->async_connect(address, net::as_result);
    limit.cancel();
    if (*late) co_return base::fail(base::errc::timeout, "connecting to {} took too long", where.text());
    if (ec) co_return base::fail(errc_of_connect(ec), "connecting to {}: {}", where.text(), ec.message());
    auto session = std::make_shared<client_session>(std::move(*socket), bounds);
    session->start();
    co_return client(std::make_shared<client_connection>(std::move(session)), bounds);
}

bool client::usable() const noexcept { return connection_->session->usable(); }

client_stream client::start(std::string path, metadata const& headers, base::byte_view request) {
    auto& session = *connection_->session;
    auto call = std::make_shared<client_stream::state>(connection_, session.get_executor(), limits_.max_message_len);
    append_prefix(call->request.bytes, request.size());
    call->request.append(request);
    call->request.last = true;
    session.start_call(call, path, headers);
    return client_stream(std::move(call));
}

net::awaitable<base::result<base::secret_text>> client::unary(std::string path, metadata headers, base::secret_text request,
                                                              steady_time deadline) {
    auto const left = deadline - std::chrono::steady_clock::now();
    headers.push_back({"grpc-timeout", format_timeout(left)});
    auto call = start(std::move(path), headers, request.bytes());
    std::optional<base::secret_text> answer;
    for (;;) {
        VSECM_CO_TRY(message, co_await call.next(deadline));
        if (!message) break;
        if (answer) co_return base::fail(base::errc::corrupt, "several messages answer a unary call");
        answer = std::move(message);
    }
    if (!call.ended().ok()) co_return std::unexpected(to_error(call.ended()));
    if (!answer) co_return base::fail(base::errc::corrupt, "a unary call ended without a message");
    co_return *std::move(answer);
}

}  // namespace vsecm::grpc
