// TLS on a non-blocking socket: OpenSSL called directly, Asio only to wait for readiness. Half the instructions and a
// third of the memory of asio::ssl::stream (docs/architecture.md).
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "net/asio.hpp"
#include "net/tls_context.hpp"

#include <memory>

namespace vsecm::net {

struct ssl_deleter {
    void operator()(ssl_st* ssl) const noexcept;
};

// One connection, one loop, one coroutine at a time. Not movable: OpenSSL points into it. Keeps its context alive.
class tls_stream {
public:
    // Takes a connected socket and makes it non-blocking. Throws std::bad_alloc only.
    tls_stream(tcp_socket socket, std::shared_ptr<tls_context const> context, tls_role role);
    ~tls_stream();
    tls_stream(tls_stream const&) = delete;
    tls_stream& operator=(tls_stream const&) = delete;

    // --- without waiting: the fast path of http_server ---
    enum class io_state {
        done,        // `len` bytes moved
        want_read,   // nothing moved: wait(tls_stream::io_state::want_read), then the same call again
        want_write,  // the same, for writability (a read may want it: key update)
        closed,      // the peer said goodbye (close_notify)
        failed,      // take_error() says why
    };
    struct io_result {
        io_state state;
        std::size_t len;
    };
    io_result try_handshake();
    io_result try_read(base::byte_span into);   // `into` not empty
    io_result try_write(base::byte_view from);  // `from` not empty; may take a part
    base::error take_error() { return std::move(error_); }
    // Sends close_notify if it can be sent at once. Nothing may be written afterwards.
    void try_shutdown() noexcept;
    // Waits until what `state` wants is there. operation_aborted after cancel() or close().
    awaitable<error_code> wait(io_state state);
    // True if a read would find bytes without waiting: decrypted or not yet decrypted ones.
    bool has_buffered() const noexcept;
    // False while the peer has not said one whole thing.
    bool heard_from_peer() const noexcept;
    // Whether something of the peer's waits in the kernel, not read yet.
    bool has_unread() noexcept;
    // For whoever waited on socket() itself: there may be something to read again.
    void note_readable() noexcept { socket_drained_ = false; }

    // --- waiting ---
    // The peer is verified when this returns without error (a server's client learns of its own refusal only at the
    // first read: TLS 1.3). errc::denied: one side refused the other's certificate; errc::invalid: not TLS, or nothing
    // in common; errc::unavailable: the connection broke.
    awaitable<base::status> handshake();
    // At least one byte, or 0 at an orderly end. errc::denied: the peer refused us (alert); errc::unavailable: broken
    // or cut off without close_notify; errc::cancelled: cancel() or close().
    awaitable<base::result<std::size_t>> read_some(base::byte_span into);
    awaitable<base::status> write_all(base::byte_view from);

    // Null before the handshake, and if the verify callback attached none.
    std::shared_ptr<tls_peer const> const& peer() const noexcept { return peer_; }
    std::shared_ptr<tls_context const> const& context() const noexcept { return context_; }
    tcp_socket& socket() noexcept { return socket_; }
    ssl_st* native() noexcept { return ssl_.get(); }
    void cancel() noexcept;  // ends a waiting call
    void close() noexcept;   // closes the socket; waiting calls end with errc::cancelled

private:
    friend struct socket_bio;
    io_result finish(int returned);
    bool name_server();

    // What was received during the handshake and OpenSSL has not asked for yet; no bytes, no memory.
    struct fetched {
        std::unique_ptr<char[]> bytes;
        std::size_t begin = 0, end = 0;
    };

    tcp_socket socket_;
    std::shared_ptr<tls_context const> context_;
    std::unique_ptr<ssl_st, ssl_deleter> ssl_;
    std::shared_ptr<tls_peer const> peer_;
    base::error error_;
    fetched ahead_;
    tls_role role_;
    bool socket_drained_ = false;  // the last recv took everything there was: the next can only say EAGAIN
    bool broken_ = false;          // a fatal error happened: SSL_shutdown must not be called
};

}  // namespace vsecm::net
