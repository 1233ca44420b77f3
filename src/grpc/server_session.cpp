#include "grpc/server_session.hpp"

#include <array>

namespace vsecm::grpc {
namespace {

nghttp2_nv field(std::string_view name, std::string_view value) noexcept {
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
            NGHTTP2_NV_FLAG_NONE};
}

bool is_grpc(std::string_view content_type) noexcept {
    constexpr std::string_view base_type = "application/grpc";
    if (!content_type.starts_with(base_type)) return false;
    auto const rest = content_type.substr(base_type.size());
    return rest.empty() || rest[0] == '+' || rest[0] == ';';
}

}  // namespace

// --- a call --------------------------------------------------------------------------------------------------------

incoming_call::incoming_call(server_session& session, net::executor ex, std::int32_t stream)
    : session_(session.weak_from_this()), raw_session_(&session), stream_(stream),
      assembler_(session.options_.bounds.max_message_len), peer_(session.peer_), deadline_(ex) {}

base::status incoming_call::send(base::byte_view message) {
    auto const session = session_.lock();
    if (!session || closed_ || finished_) return {};
    auto const& options = raw_session_->options_;
    if (message.size() > options.bounds.max_message_len)
        return base::fail(base::errc::too_large, "a message of {} bytes is larger than {}", message.size(),
                          options.bounds.max_message_len);
    if (body_.waiting_len() + message.size() > options.max_queued_len) {
        finish({code::resource_exhausted, "the caller does not read"});
        return base::fail(base::errc::limited, "the caller of {} does not read", path_);
    }
    base::secret_text framed;
    framed.reserve(prefix_len + message.size());
    append_prefix(framed, message.size());
    framed.append(message);
    body_.append(framed.bytes());
    if (!headers_sent_) {
        headers_sent_ = true;
        std::array const fields{field(":status", "200"), field("content-type", "application/grpc")};
        auto const provider = server_session::body_provider();
        nghttp2_submit_response2(raw_session_->raw(), stream_, fields.data(), fields.size(), &provider);
    } else {
        nghttp2_session_resume_data(raw_session_->raw(), stream_);
    }
    session->flush();
    return {};
}

void incoming_call::finish(call_status status) {
    auto const session = session_.lock();
    if (!session || closed_ || finished_) return;
    if (!headers_sent_) return answer_now("200", std::move(status));
    finished_ = true;
    end_ = std::move(status);
    body_.last = true;  // the provider submits the trailers when it gets there
    nghttp2_session_resume_data(raw_session_->raw(), stream_);
    session->flush();
}

void incoming_call::answer_now(std::string_view http_status, call_status status) {
    finished_ = true;
    headers_sent_ = true;
    auto const number = std::to_string(static_cast<int>(status.status));
    auto const message = percent_encode(status.message);
    std::vector<nghttp2_nv> fields{field(":status", http_status), field("content-type", "application/grpc"),
                                   field("grpc-status", number)};
    if (!message.empty()) fields.push_back(field("grpc-message", message));
    nghttp2_submit_response2(raw_session_->raw(), stream_, fields.data(), fields.size(), nullptr);
    raw_session_->flush();
}

void incoming_call::on_closed(std::function<void()> then) {
    if (closed_) return then();
    then_ = std::move(then);
}

void incoming_call::close() {
    if (std::exchange(closed_, true)) return;
    deadline_.cancel();
    if (auto const then = std::exchange(then_, nullptr)) then();
}

// --- the connection ------------------------------------------------------------------------------------------------

server_session::server_session(stream_socket s, server_options const& options, server::service const& handle,
                               peer_credentials peer, std::function<void(server_session*)> lost)
    : http2_session(std::move(s), half::server, options.bounds, options.max_streams), options_(options),
      handle_(handle), peer_(peer), lost_(std::move(lost)), idle_(get_executor()) {}

void server_session::watch_idleness() {
    idle_.expires_after(greeted_ ? options_.idle_timeout : options_.handshake_timeout);
    idle_.async_wait([weak = weak_from_this()](net::error_code ec) {
        auto const self = weak.lock();
        if (!ec && self) static_cast<server_session&>(*self).idle_check();
    });
}

void server_session::idle_check() {
    if (!open()) return;
    if (!greeted_) return close("no HTTP/2 preface in time");
    if (calls_.empty() && !std::exchange(used_since_check_, false)) {
        nghttp2_session_terminate_session(raw(), NGHTTP2_NO_ERROR);  // GOAWAY, then the session ends by itself
        return flush();
    }
    watch_idleness();
}

std::shared_ptr<incoming_call> server_session::find(std::int32_t stream) {
    auto const at = calls_.find(stream);
    return at == calls_.end() ? nullptr : at->second;
}

outgoing_body* server_session::outgoing_of(std::int32_t stream) {
    auto const call = find(stream);
    return call ? &call->body_ : nullptr;
}

bool server_session::submit_trailers(std::int32_t stream) {
    auto const call = find(stream);
    if (!call) return false;
    auto const number = std::to_string(static_cast<int>(call->end_.status));
    auto const message = percent_encode(call->end_.message);
    std::vector<nghttp2_nv> fields{field("grpc-status", number)};
    if (!message.empty()) fields.push_back(field("grpc-message", message));
    return nghttp2_submit_trailer(raw(), stream, fields.data(), fields.size()) == 0;
}

void server_session::on_header_block(std::int32_t stream) {
    used_since_check_ = true;
    // Trailers of a request come through here too, for a call that exists.
    if (!find(stream)) calls_.emplace(stream, std::make_shared<incoming_call>(*this, get_executor(), stream));
}

bool server_session::on_header(std::int32_t stream, std::string_view name, std::string_view value) {
    auto const call = find(stream);
    if (!call) return true;
    call->header_len_ += name.size() + value.size() + 32;
    if (call->header_len_ > options_.bounds.max_header_list_len) return false;
    if (name == ":method") call->method_ = value;
    else if (name == ":path") call->path_ = value;
    else if (name == "content-type") call->content_type_ = value;
    else if (name == "grpc-timeout") call->timeout_ = value;
    else if (!name.starts_with(':')) call->headers_.push_back({std::string(name), std::string(value)});
    return true;
}

void server_session::on_headers(std::int32_t stream, bool end_stream) {
    auto const call = find(stream);
    if (!call) return;
    if (!call->method_.empty() && !call->headers_sent_) begin(*call);
    if (end_stream) on_end(stream);
}

void server_session::begin(incoming_call& call) {
    if (call.method_ != "POST")
        return call.answer_now("405", {code::internal, std::format("gRPC is spoken by POST, not by {}", call.method_)});
    if (!is_grpc(call.content_type_))
        return call.answer_now("415", {code::invalid_argument,
                                       std::format("content type '{}' is not application/grpc", call.content_type_)});
    if (call.timeout_.empty()) return;
    auto const timeout = parse_timeout(call.timeout_);
    if (!timeout) return call.answer_now("400", {code::internal, timeout.error().what});
    // A year is as good as for ever, and adds up without overflow.
    call.deadline_.expires_after(std::min<std::chrono::nanoseconds>(*timeout, std::chrono::hours{24 * 365}));
    call.deadline_.async_wait([weak = call.weak_from_this()](net::error_code ec) {
        auto const late = weak.lock();
        if (ec || !late || late->closed_) return;
        late->finish({code::deadline_exceeded, "the call's deadline has passed"});
        late->close();
    });
}

void server_session::on_data(std::int32_t stream, base::byte_view bytes) {
    nghttp2_session_consume(raw(), stream, bytes.size());  // requests are bounded by max_message_len
    auto const call = find(stream);
    if (!call || call->headers_sent_) return;
    if (auto fed = call->assembler_.feed(bytes, call->messages_); !fed) {
        auto const c = fed.error().code == base::errc::too_large ? code::resource_exhausted : code::unimplemented;
        call->answer_now("200", {c, fed.error().what});
    } else if (call->messages_.size() > 1) {
        call->answer_now("200", {code::internal, "one request message was expected"});
    }
}

void server_session::on_end(std::int32_t stream) {
    auto const call = find(stream);
    if (!call || std::exchange(call->request_complete_, true) || call->headers_sent_) return;
    if (call->messages_.size() != 1 || !call->assembler_.at_boundary())
        return call->answer_now("200", {code::internal, "one request message was expected"});
    call->request_ = std::move(call->messages_.front());
    call->messages_.clear();
    handle_(call);
}

void server_session::on_end_sent(std::int32_t stream) {
    // Our answer is complete but the caller is still sending: tell it not to bother.
    auto const call = find(stream);
    if (call && !call->request_complete_) nghttp2_submit_rst_stream(raw(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
}

void server_session::on_stream_closed(std::int32_t stream, std::uint32_t) {
    auto const call = find(stream);
    if (!call) return;
    calls_.erase(stream);
    call->close();
}

void server_session::on_lost(std::string_view) {
    idle_.cancel();
    auto const calls = std::exchange(calls_, {});
    for (auto const& [stream, call] : calls) call->close();
    if (auto const lost = std::exchange(lost_, nullptr)) lost(this);
}

}  // namespace vsecm::grpc
