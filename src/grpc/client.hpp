// gRPC client calls over one HTTP/2 connection: a Unix socket or plain TCP, prior knowledge, no TLS.
#pragma once

#include "grpc/call.hpp"
#include "net/asio.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace vsecm::grpc {

using steady_time = std::chrono::steady_clock::time_point;

// Where a server listens.
struct endpoint {
    enum class kind { unix_path, tcp } type = kind::unix_path;
    std::string path;               // unix_path: absolute
    std::string address;            // tcp: an IP address
    std::uint16_t port = 0;
    std::string text() const;       // "unix:///run/x.sock", "tcp://127.0.0.1:8000"
};

class client_connection;  // http2_session's client half, in client.cpp

// A server's answer as it comes in: any number of messages, then the end. Single loop; one waiter at a time.
// Dropping it cancels the call (RST_STREAM CANCEL).
class client_stream {
public:
    struct state;
    explicit client_stream(std::shared_ptr<state> s) noexcept : state_(std::move(s)) {}
    client_stream(client_stream&&) noexcept = default;
    client_stream& operator=(client_stream&&) noexcept;
    ~client_stream();

    // The next message; nullopt once the call has ended (see ended()). errc::timeout if nothing came before `deadline`:
    // the call goes on, and next() may be called again. Messages already received are handed out before the end.
    net::awaitable<base::result<std::optional<base::secret_text>>> next(steady_time deadline);
    // How the call ended; UNAVAILABLE if the connection was lost. Only after next() gave nullopt.
    call_status const& ended() const noexcept;
    void cancel();

private:
    std::shared_ptr<state> state_;
};

// A connection that calls are made on. Copies share it; the last one (with its streams) closes it. Single loop.
class client {
public:
    // Connects and sends preface and settings. errc::not_found: no such socket file; errc::denied: no permission for it;
    // errc::unavailable: nobody answers there; errc::timeout.
    static net::awaitable<base::result<client>> connect(endpoint where, limits bounds, steady_time deadline);

    // False once the peer said GOAWAY or the connection is gone: make a new one.
    bool usable() const noexcept;

    // Starts a call with one request message. Failures, a dead connection's included, come through the stream.
    client_stream start(std::string path, metadata const& headers, base::byte_view request);

    // One request, one response. The error is to_error() of the call's status, or errc::timeout; errc::corrupt if an OK
    // came with no message or with several.
    net::awaitable<base::result<base::secret_text>> unary(std::string path, metadata headers, base::secret_text request,
                                                          steady_time deadline);

private:
    client(std::shared_ptr<client_connection> c, limits bounds) noexcept : connection_(std::move(c)), limits_(bounds) {}
    std::shared_ptr<client_connection> connection_;
    limits limits_;
};

}  // namespace vsecm::grpc
