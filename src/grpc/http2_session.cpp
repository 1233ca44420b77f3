#include "grpc/http2_session.hpp"

#include "base/check.hpp"

#include <new>

namespace vsecm::grpc {
namespace {

constexpr std::size_t read_len = 16 * 1024;
constexpr std::size_t max_unwritten_len = 256 * 1024;  // frames serialised ahead of the socket
constexpr std::size_t frame_header_len = 9;

struct options_deleter {
    void operator()(nghttp2_option* o) const noexcept { nghttp2_option_del(o); }
};
struct callbacks_deleter {
    void operator()(nghttp2_session_callbacks* c) const noexcept { nghttp2_session_callbacks_del(c); }
};

}  // namespace

// The C side. nghttp2 hands back the session as `user_data`; no exception may cross it.
struct http2_callbacks {
    static http2_session& of(void* user_data) noexcept { return *static_cast<http2_session*>(user_data); }

    static int begin_headers(nghttp2_session*, nghttp2_frame const* frame, void* user_data) noexcept {
        of(user_data).on_header_block(frame->hd.stream_id);
        return 0;
    }
    static int header(nghttp2_session*, nghttp2_frame const* frame, std::uint8_t const* name, std::size_t name_len,
                      std::uint8_t const* value, std::size_t value_len, std::uint8_t, void* user_data) noexcept {
        bool const taken = of(user_data).on_header(frame->hd.stream_id, base::as_text({name, name_len}),
                                                   base::as_text({value, value_len}));
        return taken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    static int frame_recv(nghttp2_session*, nghttp2_frame const* frame, void* user_data) noexcept {
        auto& self = of(user_data);
        bool const end_stream = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (frame->hd.type == NGHTTP2_HEADERS) {
            self.on_headers(frame->hd.stream_id, end_stream);
        } else if (frame->hd.type == NGHTTP2_DATA && end_stream) {
            self.on_end(frame->hd.stream_id);
        } else if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
            self.on_settings();
        } else if (frame->hd.type == NGHTTP2_GOAWAY) {
            self.on_goaway(frame->goaway.last_stream_id);
        }
        return 0;
    }
    static int data_chunk(nghttp2_session*, std::uint8_t, std::int32_t stream, std::uint8_t const* bytes, std::size_t len,
                          void* user_data) noexcept {
        of(user_data).on_data(stream, {bytes, len});
        return 0;
    }
    static int frame_send(nghttp2_session*, nghttp2_frame const* frame, void* user_data) noexcept {
        bool const ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (ends && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA))
            of(user_data).on_end_sent(frame->hd.stream_id);
        return 0;
    }
    static int stream_close(nghttp2_session*, std::int32_t stream, std::uint32_t http2_error, void* user_data) noexcept {
        of(user_data).on_stream_closed(stream, http2_error);
        return 0;
    }
    // The body is announced here and copied in send_data, so that it passes through our wiping memory only.
    static nghttp2_ssize read_body(nghttp2_session*, std::int32_t stream, std::uint8_t*, std::size_t len,
                                   std::uint32_t* flags, nghttp2_data_source*, void* user_data) noexcept {
        auto& self = of(user_data);
        auto* const body = self.outgoing_of(stream);
        if (body == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        auto const ready = std::min(body->waiting_len(), len);
        if (ready == 0 && !body->last) return NGHTTP2_ERR_DEFERRED;
        if (body->last && ready == body->waiting_len()) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
            if (self.submit_trailers(stream)) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        }
        if (ready != 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
        return static_cast<nghttp2_ssize>(ready);
    }
    static int send_data(nghttp2_session*, nghttp2_frame* frame, std::uint8_t const* frame_header, std::size_t len,
                         nghttp2_data_source*, void* user_data) noexcept {
        auto& self = of(user_data);
        auto* const body = self.outgoing_of(frame->hd.stream_id);
        if (body == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        self.queued_.append(base::byte_view{frame_header, frame_header_len});
        self.queued_.append(body->bytes.bytes().subspan(body->sent_len, len));
        body->sent_len += len;
        if (body->waiting_len() == 0) {
            body->bytes.clear();
            body->sent_len = 0;
        }
        return 0;
    }
};

void outgoing_body::append(base::byte_view more) {
    if (sent_len > bytes.size() / 2) {  // drop what has gone before growing
        base::secret_text rest(bytes.bytes().subspan(sent_len));
        bytes = std::move(rest);
        sent_len = 0;
    }
    bytes.append(more);
}

http2_session::http2_session(stream_socket socket, half side, limits bounds, std::uint32_t max_streams)
    : socket_(std::move(socket)), bounds_(bounds), max_streams_(max_streams), side_(side), input_(read_len),
      heard_at_(std::chrono::steady_clock::now()), peer_watch_(socket_.get_executor()) {
    nghttp2_option* made_options = nullptr;
    nghttp2_session_callbacks* made_callbacks = nullptr;
    if (nghttp2_option_new(&made_options) != 0) throw std::bad_alloc();
    std::unique_ptr<nghttp2_option, options_deleter> options{made_options};
    if (nghttp2_session_callbacks_new(&made_callbacks) != 0) throw std::bad_alloc();
    std::unique_ptr<nghttp2_session_callbacks, callbacks_deleter> callbacks{made_callbacks};

    // Window updates follow what the reader of a stream has taken, so a reader that does not keep up stops the sender.
    nghttp2_option_set_no_auto_window_update(options.get(), 1);
    nghttp2_option_set_no_closed_streams(options.get(), 1);
    // Other implementations send a grpc-message with its spaces as they are: not worth losing the message for.
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(options.get(), 1);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks.get(), http2_callbacks::begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks.get(), http2_callbacks::header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks.get(), http2_callbacks::frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks.get(), http2_callbacks::data_chunk);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks.get(), http2_callbacks::frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks.get(), http2_callbacks::stream_close);
    nghttp2_session_callbacks_set_send_data_callback(callbacks.get(), http2_callbacks::send_data);

    nghttp2_session* made = nullptr;
    auto const create = side == half::client ? nghttp2_session_client_new2 : nghttp2_session_server_new2;
    if (create(&made, callbacks.get(), this, options.get()) != 0) throw std::bad_alloc();
    session_.reset(made);
}

nghttp2_data_provider2 http2_session::body_provider() noexcept {
    nghttp2_data_provider2 provider{};
    provider.read_callback = http2_callbacks::read_body;
    return provider;
}

void http2_session::start() {
    std::vector<nghttp2_settings_entry> settings{
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, bounds_.window_len},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(bounds_.max_header_list_len)}};
    if (side_ == half::client) {
        settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
    } else {
        settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams_});
    }
    VSECM_CHECK(nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0);
    // The connection's window is apart from the streams' and only a WINDOW_UPDATE can grow it.
    VSECM_CHECK(nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                                      static_cast<std::int32_t>(bounds_.window_len)) == 0);
    flush();
    read_more();
    if (side_ == half::client) look_after_peer(heard_at_ + bounds_.ping_after);
}

// A peer that lost its power, or hangs, does not close its connection.
void http2_session::look_after_peer(std::chrono::steady_clock::time_point when) {
    peer_watch_.expires_at(when);
    peer_watch_.async_wait([weak = weak_from_this()](net::error_code ec) {
        auto const self = weak.lock();
        if (ec || !self || !self->open_) return;
        auto const now = std::chrono::steady_clock::now();
        auto const silent_until = self->heard_at_ + self->bounds_.ping_after;
        if (now < silent_until) return self->look_after_peer(silent_until);
        if (!self->waits_for_peer()) return self->look_after_peer(now + self->bounds_.ping_after);
        self->ask_peer();
    });
}

void http2_session::ask_peer() {
    auto const asked_at = std::chrono::steady_clock::now();
    if (nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr) != 0) return close("out of memory");
    flush();
    peer_watch_.expires_at(asked_at + bounds_.ping_patience);
    peer_watch_.async_wait([weak = weak_from_this(), asked_at](net::error_code ec) {
        auto const self = weak.lock();
        if (ec || !self || !self->open_) return;
        if (self->heard_at_ < asked_at) return self->close("the peer does not answer any more");
        self->look_after_peer(self->heard_at_ + self->bounds_.ping_after);
    });
}

void http2_session::read_more() {
    if (!open_) return;
    socket_.async_read_some(net::asio::buffer(input_), [self = shared_from_this()](net::error_code ec, std::size_t len) {
        self->received(ec, len);
    });
}

void http2_session::received(net::error_code ec, std::size_t len) {
    if (!open_) return;
    if (ec) return close(ec == net::asio::error::eof ? "the peer closed the connection" : ec.message());
    heard_at_ = std::chrono::steady_clock::now();
    inside_nghttp2_ = true;
    auto const used = nghttp2_session_mem_recv2(session_.get(), input_.data(), len);
    inside_nghttp2_ = false;
    base::wipe(input_.data(), len);
    // Less than all is not an error here: only a negative number is. A bad preface or a broken frame ends up there, or
    // as a GOAWAY that flush() sends before closing.
    if (used < 0) return close(nghttp2_strerror(static_cast<int>(used)));
    flush();
    read_more();
}

void http2_session::flush() {
    if (!open_ || inside_nghttp2_) return;  // whoever is inside flushes when it comes out
    inside_nghttp2_ = true;
    while (queued_.size() < max_unwritten_len) {
        std::uint8_t const* frame = nullptr;
        auto const len = nghttp2_session_mem_send2(session_.get(), &frame);
        if (len < 0) {
            inside_nghttp2_ = false;
            return close(nghttp2_strerror(static_cast<int>(len)));
        }
        if (len == 0) break;
        queued_.append(base::byte_view{frame, static_cast<std::size_t>(len)});
    }
    inside_nghttp2_ = false;
    write_more();
}

void http2_session::write_more() {
    if (!open_ || write_running_) return;
    if (written_len_ == writing_.size()) {
        writing_ = std::move(queued_);
        queued_ = base::secret_text();
        written_len_ = 0;
    }
    if (writing_.empty()) {
        // After a fatal GOAWAY nghttp2 neither wants to read nor to write: then the connection is over.
        if (nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0)
            close("the HTTP/2 session ended");
        return;
    }
    write_running_ = true;
    socket_.async_write_some(net::asio::buffer(writing_.data() + written_len_, writing_.size() - written_len_),
                             [self = shared_from_this()](net::error_code ec, std::size_t len) {
                                 self->write_running_ = false;
                                 if (!self->open_) return;
                                 if (ec) return self->close(ec.message());
                                 self->written_len_ += len;
                                 self->flush();
                             });
}

void http2_session::close(std::string_view why) {
    if (!open_) return;
    open_ = false;
    auto const keep = shared_from_this();  // on_lost may drop the last owner
    net::error_code ignored;
    socket_.close(ignored);
    peer_watch_.cancel();
    on_lost(why);
}

}  // namespace vsecm::grpc
