// A small gRPC server: one request message a call, any number of responses, held open as long as the handler likes.
// Plain Unix or TCP sockets, no TLS. Single loop.
#pragma once

#include "grpc/call.hpp"
#include "net/asio.hpp"

#include <functional>
#include <memory>
#include <string>

namespace vsecm::grpc {

// Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED). -1 on TCP.
struct peer_credentials {
    int pid = -1;
    int uid = -1;
    int gid = -1;
};

// One incoming call, handed to the service when its request is complete. The service may keep it and send later.
// Everything is on the server's loop. After the call closed, send() and finish() do nothing.
class server_call {
public:
    virtual ~server_call() = default;

    virtual std::string_view path() const noexcept = 0;  // "/Service/Method"
    virtual metadata const& headers() const noexcept = 0;
    virtual base::secret_text const& request() const noexcept = 0;
    virtual peer_credentials peer() const noexcept = 0;

    // Queues a message. errc::limited when the peer does not read and too much is waiting: the call is then ended.
    virtual base::status send(base::byte_view message) = 0;
    // Ends the call after what is queued. Before any send() this is a Trailers-Only answer.
    virtual void finish(call_status status) = 0;
    virtual bool closed() const noexcept = 0;
    // Called once, when the peer has cancelled, its deadline passed, the connection was lost or the server stopped;
    // also after finish() has been delivered.
    virtual void on_closed(std::function<void()> then) = 0;
};

struct server_options {
    limits bounds;
    std::size_t max_connections = 256;     // beyond: closed at once
    std::uint32_t max_streams = 64;        // concurrent calls of one connection
    std::size_t max_queued_len = 8 * 1024 * 1024;  // waiting to be read by the peer, one call
    std::chrono::seconds handshake_timeout{10};    // until the client's preface and settings
    std::chrono::seconds idle_timeout{600};        // a connection without a call
};

// Splits "/Service/Method"; used for the UNIMPLEMENTED texts.
struct method_name {
    std::string_view service;
    std::string_view method;
};
method_name split_path(std::string_view path) noexcept;

class server {
public:
    using service = std::function<void(std::shared_ptr<server_call>)>;

    // `handle` is called on the loop of `ex` for every well-formed call, unknown methods too: answer those with
    // unimplemented(). It must not throw.
    server(net::executor ex, service handle, server_options options = {});
    ~server();
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    // A socket file nobody answers on is replaced; one with a live server behind it, or a path that is not a socket, is
    // errc::conflict. The file gets `mode` before anyone can connect. Removed by stop().
    base::status listen_unix(std::string path, unsigned mode);
    // Port 0 chooses a free one; the result is the port.
    base::result<std::uint16_t> listen_tcp(std::string_view address, std::uint16_t port);
    // Closes listeners and connections; running calls see on_closed. Idempotent.
    void stop();
    std::size_t num_connections() const noexcept;

    static call_status unimplemented(server_call const& call);

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace vsecm::grpc
