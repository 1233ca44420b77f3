// HTTP/1.1 over mutual TLS: one acceptor, many loops, each connection on one loop for life.
#pragma once

#include "base/clock.hpp"
#include "base/file.hpp"
#include "net/http_message.hpp"
#include "net/runtime.hpp"
#include "net/wake_signal.hpp"

#include <atomic>
#include <memory>

namespace vsecm::net {

// Every limit of the server. Deadlines are exact within a second: one sweep a loop checks them, not a timer each.
struct http_limits {
    std::size_t max_connections = 20'000;     // beyond: closed before the handshake, and counted
    std::size_t max_per_peer = 0;             // of these, of one peer's name; beyond: closed after the handshake; 0: all
    std::size_t max_handshakes_per_loop = 1024;  // unfinished ones; beyond: stalled ones are dropped, accepting waits
    std::size_t max_header_len = 16 * 1024;   // beyond: 431 and close
    std::size_t max_body_len = 1536 * 1024;   // beyond: 413 without reading it, and close
    std::chrono::seconds handshake{10};
    std::chrono::seconds header{10};          // first byte of a request to the end of its header
    std::chrono::seconds body{30};            // the whole body
    std::chrono::seconds body_stall{10};      // no byte of the body in between
    std::chrono::seconds idle{300};           // between requests
    std::chrono::seconds write{30};           // an answer the client does not take
    std::chrono::seconds linger{2};           // to let a refused client read why
};

// Given to a handler beside its request; lives until the handler returns. On the connection's loop.
class http_exchange {
public:
    virtual ~http_exchange() = default;
    virtual executor get_executor() = 0;
    virtual std::size_t loop_index() const noexcept = 0;
    virtual bool stopping() const noexcept = 0;  // the server drains: answer soon, 503 what was held

    // Long poll: waits until `signal` rings (true) or `deadline` passes (false). A ring that happened before counts.
    // errc::cancelled: the client has gone, or the server is stopping (ask stopping()); a handler whose client has gone
    // may return anything. The identity of the peer is checked again by the session before the answer is sent.
    virtual awaitable<base::result<bool>> hold(wake_signal& signal, steady_clock::time_point deadline) = 0;
};

class http_handler {
public:
    virtual ~http_handler() = default;
    // Called on the connection's loop, one request of a connection at a time; several connections at once, on several
    // loops. The request may be taken apart. An exception becomes a 500 and ends the connection.
    virtual awaitable<http_response> handle(http_request& request, http_exchange& exchange) = 0;
};

struct http_server_options {
    http_limits limits;
    std::string server_header;                                // "Vsecm-Server" value; empty: not sent
    base::clock const* clock = &base::system_clock();         // for still_valid()
    std::string label = "https";                              // in logs
};

// Readable from any thread.
struct http_counters {
    std::atomic<std::uint64_t> accepted, refused_full, handshakes_failed, handshakes_evicted, requests, rejected, timed_out;
    std::atomic<std::size_t> open;
};

struct http_server_state;  // shared with the sessions

class http_server {
public:
    // `tls` and `handler` must outlive the runtime's run(). `listener` is from listen_tcp().
    http_server(runtime& loops, base::unique_fd listener, std::shared_ptr<tls_source const> tls, http_handler& handler,
        http_server_options options = {});
    ~http_server();
    http_server(http_server const&) = delete;
    http_server& operator=(http_server const&) = delete;

    // Begins to accept. Loop 0, or before run(). Raises the process's descriptor limit to what max_connections needs.
    void start();
    std::uint16_t port() const noexcept;
    http_counters const& counters() const noexcept;
    std::vector<std::size_t> open_per_loop() const;
    std::size_t num_held() const noexcept;  // requests inside hold() now; on any thread

    // Stop, step one: no new connections, idle ones closed, held requests end with errc::cancelled, the rest answer
    // with `Connection: close`. Loop 0.
    void stop_taking_in();
    // Step two: returns when no connection is left; at `deadline` the rest is cut.
    awaitable<void> finish(steady_clock::time_point deadline);

private:
    std::shared_ptr<http_server_state> state_;
};

}  // namespace vsecm::net
