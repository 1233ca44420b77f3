// One HTTP/2 connection: a socket and an nghttp2 session, for the client and the server half alike. Internal to the room.
#pragma once

#include "grpc/call.hpp"
#include "net/asio.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <nghttp2/nghttp2.h>

#include <array>
#include <memory>

namespace vsecm::grpc {

using stream_socket = net::asio::basic_stream_socket<net::asio::generic::stream_protocol, net::executor>;

struct nghttp2_deleter {
    void operator()(nghttp2_session* s) const noexcept { nghttp2_session_del(s); }
};

// Body bytes of a stream that wait to be sent.
struct outgoing_body {
    base::secret_text bytes;
    std::size_t sent_len = 0;
    bool last = false;  // nothing more will be appended
    std::size_t waiting_len() const noexcept { return bytes.size() - sent_len; }
    void append(base::byte_view more);
};

// Reads and writes by callbacks that own the session, so nothing is spawned. Everything runs on the socket's loop. The
// half derived from it is told about frames in the order they come; it may submit frames and call flush() at any time,
// also from inside those calls: what nghttp2 wants to say then goes out when it is safe.
class http2_session : public std::enable_shared_from_this<http2_session> {
public:
    enum class half { client, server };
    http2_session(http2_session const&) = delete;
    http2_session& operator=(http2_session const&) = delete;
    virtual ~http2_session() = default;

    // Sends preface and settings, begins to read. Call once, after make_shared.
    void start();
    // Closes the socket and tells the half (on_lost). Idempotent.
    void close(std::string_view why);
    bool open() const noexcept { return open_; }
    void flush();
    net::executor get_executor() { return socket_.get_executor(); }

protected:
    http2_session(stream_socket socket, half side, limits bounds, std::uint32_t max_streams);

    nghttp2_session* raw() noexcept { return session_.get(); }
    limits const& bounds() const noexcept { return bounds_; }
    stream_socket& socket() noexcept { return socket_; }
    // A data provider that reads from outgoing_of(stream).
    static nghttp2_data_provider2 body_provider() noexcept;

    virtual outgoing_body* outgoing_of(std::int32_t stream) = 0;  // nullptr: no such stream any more
    // Whether something is expected of the server, so that its silence may mean that it is dead: see limits::ping_after.
    virtual bool waits_for_peer() const { return false; }
    // Called when a body is at its end. True: trailers were submitted, so END_STREAM is not this DATA frame's.
    virtual bool submit_trailers(std::int32_t stream) = 0;
    virtual void on_header_block(std::int32_t stream) = 0;                                       // begins
    virtual bool on_header(std::int32_t stream, std::string_view name, std::string_view value) = 0;  // false: reset it
    virtual void on_headers(std::int32_t stream, bool end_stream) = 0;                           // complete
    virtual void on_data(std::int32_t stream, base::byte_view bytes) = 0;
    virtual void on_end(std::int32_t stream) = 0;  // END_STREAM on a DATA frame
    virtual void on_stream_closed(std::int32_t stream, std::uint32_t http2_error) = 0;
    virtual void on_end_sent(std::int32_t) {}
    virtual void on_settings() {}
    virtual void on_goaway(std::int32_t /*last_stream*/) {}
    virtual void on_lost(std::string_view why) = 0;

private:
    friend struct http2_callbacks;
    void read_more();
    void received(net::error_code ec, std::size_t len);
    void write_more();
    void look_after_peer(std::chrono::steady_clock::time_point when);
    void ask_peer();

    stream_socket socket_;
    limits bounds_;
    std::uint32_t max_streams_;
    half side_;
    std::unique_ptr<nghttp2_session, nghttp2_deleter> session_;
    std::vector<std::uint8_t, base::wiping_allocator<std::uint8_t>> input_;
    base::secret_text queued_;   // frames to write next
    base::secret_text writing_;  // frames in the hands of the kernel
    std::size_t written_len_ = 0;
    std::chrono::steady_clock::time_point heard_at_;
    net::timer peer_watch_;
    bool write_running_ = false;
    bool inside_nghttp2_ = false;
    bool open_ = true;
};

}  // namespace vsecm::grpc
