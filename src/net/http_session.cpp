#include "net/http_session.hpp"

#include "base/log.hpp"
#include "net/http_answer.hpp"
#include "net/http_parser.hpp"

#include <sys/socket.h>

namespace vsecm::net {

using base::errc;
using io_state = tls_stream::io_state;

namespace {

// Answers up to this size travel as one buffer, header and body together.
constexpr std::size_t flat_answer_len = 16 * 1024;
// A client that takes less than this a second is cut off.
constexpr std::size_t slowest_reader = 64 * 1024;
// What a refused client may still send while it has not read why.
constexpr std::size_t max_lingering_len = 256 * 1024 * 1024;

std::string print_remote(remote_address const& remote) {
    auto const address = remote.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return std::format("{}:{}", asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string(), remote.port());
    }
    auto const host = address.to_string();
    return address.is_v6() ? std::format("[{}]:{}", host, remote.port()) : std::format("{}:{}", host, remote.port());
}

}  // namespace

http_session::http_session(std::shared_ptr<http_server_state> server, server_loop& loop, tcp_socket socket,
    remote_address remote, std::shared_ptr<tls_context const> context)
    : server_(std::move(server)),
      loop_(loop),
      stream_(std::move(socket), std::move(context), tls_role::server),
      remote_(remote) {}

http_session::~http_session() = default;

void http_session::enlist() {
    waits_since_ = steady_clock::now();
    slot_ = loop_.slots.size();
    loop_.slots.push_back({waits_since_ + limits().handshake, this});
}

void http_session::leave() {
    loop_.slots[slot_] = loop_.slots.back();
    loop_.slots[slot_].session->moved_to_slot(slot_);
    loop_.slots.pop_back();
    give_place_back();
    server_->forget_one(loop_, phase_ == phase::handshake);
}

awaitable<void> http_session::run(std::shared_ptr<http_session> self) {
    self->enlist();
    try {
        auto next = co_await self->handshake();
        while (next == outcome::go_on) next = co_await self->serve_one();
        self->stream_.try_shutdown();
    } catch (std::exception const& thrown) {  // no memory: this connection only
        base::log::error("connection_failed", {{"reason", thrown.what()}});
    }
    self->stream_.close();
    self->leave();
}

// --- handshake ----------------------------------------------------------------------------------------------------

awaitable<http_session::outcome> http_session::handshake() {
    tls_stream::io_result step{};
    for (;;) {
        if (stopping()) break;
        step = stream_.try_handshake();
        if (step.state != io_state::want_read && step.state != io_state::want_write) break;
        waits_since_ = steady_clock::now();
        auto const failed = co_await stream_.wait(step.state);
        if (failed || timed_out_) break;
    }
    --loop_.handshaking;
    phase_ = phase::idle;
    if (step.state == io_state::done) co_return take_place() ? outcome::go_on : outcome::end;
    if (stopping()) co_return outcome::end;
    auto const why = step.state == io_state::failed ? stream_.take_error()
                                                    : base::error{errc::timeout, "the client did not finish the handshake in time"};
    ++server_->counters.handshakes_failed;
    if (loop_.failures++ < max_failures_logged) {
        base::log::warn("handshake_failed", {{"listener", server_->options.label}, {"remote", remote_text()}, {"reason", why.what}});
    }
    // A client that was refused has its alert to read first; closing over its unread bytes would reset the connection.
    if (why.code == errc::denied) co_await linger();
    co_return outcome::end;
}

bool peer_places::take(std::string_view name, std::size_t most) {
    std::lock_guard const held(lock_);
    auto const at = taken_.try_emplace(std::string(name)).first;
    if (at->second >= most) return false;
    ++at->second;
    return true;
}

void peer_places::give_back(std::string_view name) noexcept {
    std::lock_guard const held(lock_);
    if (auto const at = taken_.find(name); at != taken_.end() && --at->second == 0) taken_.erase(at);
}

// One name must not take the connections of all others, whoever it is that has its key.
bool http_session::take_place() {
    auto const most = limits().max_per_peer;
    if (most == 0 || !stream_.peer()) return true;
    auto const name = stream_.peer()->id();
    if (server_->places.take(name, most)) {
        placed_ = stream_.peer();
        return true;
    }
    ++server_->counters.refused_full;
    if (loop_.failures++ < max_failures_logged) {
        base::log::warn("connection_refused", {{"listener", server_->options.label}, {"remote", remote_text()}, {"peer", name}, {"reason", "it has too many connections"}});
    }
    return false;
}

void http_session::give_place_back() noexcept {
    if (auto const who = std::exchange(placed_, nullptr)) server_->places.give_back(who->id());
}

bool http_session::stalls(steady_clock::time_point now) noexcept {
    if (phase_ != phase::handshake) return false;
    auto const patience = stream_.heard_from_peer() ? begun_patience : silent_patience;
    return waits_since_ + patience <= now && !stream_.has_unread();
}

std::string const& http_session::remote_text() {
    if (request_.remote.empty()) request_.remote = print_remote(remote_);
    return request_.remote;
}

// --- one request --------------------------------------------------------------------------------------------------

awaitable<http_session::outcome> http_session::serve_one() {
    if (co_await read_request() == outcome::end) co_return outcome::end;
    if (refusal_status_ != 0) {
        ++server_->counters.rejected;
        co_return co_await refuse(refusal_status_, refusal_);
    }
    if (!still_welcome()) co_return outcome::end;
    phase_ = phase::handling;
    set_no_deadline();
    server_->counters.requests.fetch_add(1, std::memory_order_relaxed);
    remote_text();
    request_.peer = stream_.peer();
    http_response response;
    try {
        response = co_await server_->handler.handle(request_, *this);
    } catch (std::exception const& thrown) {
        base::log::error("handler_failed", {{"path", request_.path}, {"reason", thrown.what()}});
        response = {};
        response.status = 500;
        response.close = true;
    }
    request_.body = {};
    co_return co_await answer(std::move(response));
}

bool http_session::absorb(base::byte_view bytes) {
    std::size_t taken = 0;
    parse_state state;
    auto text = base::as_text(bytes);
    if (!pending_.empty()) {
        pending_.append(text);
        text = pending_.view();
    }
    auto finish = [&](request_parser& parser) {
        if (state == parse_state::refused) {
            refusal_status_ = parser.refusal_status();
            refusal_ = parser.refusal();
        } else if (state == parse_state::complete) {
            keep_ = parser.keep_alive();
        }
        // Copied before pending_ is replaced: `text` may point into it.
        base::secret_text rest(text.substr(taken));
        pending_ = std::move(rest);
    };
    if (parser_) {
        state = parser_->feed(text, taken);
        finish(*parser_);
        if (state != parse_state::need_more) parser_.reset();
    } else {
        // Most requests arrive whole, so the parser lives on the stack and nothing of it stays behind.
        request_parser parser(request_, limits());
        state = parser.feed(text, taken);
        finish(parser);
        if (state == parse_state::need_more) parser_ = std::make_unique<request_parser>(std::move(parser));
    }
    return state != parse_state::need_more;
}

// The header is here and the body is not: until when more of it must come. A client that waits to be asked for it is.
awaitable<http_session::outcome> http_session::body_goes_on() {
    auto const now = steady_clock::now();
    if (!body_begun_) {
        body_begun_ = true;
        body_ends_ = now + limits().body;
        if (parser_->expects_continue()) {
            static constexpr std::string_view go_ahead = "HTTP/1.1 100 Continue\r\n\r\n";
            if (co_await send(base::as_bytes(go_ahead)) == outcome::end) co_return outcome::end;
        }
    }
    set_deadline(std::min(body_ends_, now + limits().body_stall));
    co_return outcome::go_on;
}

awaitable<http_session::outcome> http_session::read_request() {
    phase_ = phase::idle;
    set_deadline(limits().idle);
    refusal_status_ = 0;
    body_begun_ = false;
    bool complete = false;
    if (!pending_.empty()) {  // pipelined
        phase_ = phase::reading;
        set_deadline(limits().header);
        complete = absorb({});
        if (!complete && parser_->has_header() && co_await body_goes_on() == outcome::end) co_return outcome::end;
    }
    while (!complete) {
        bool last_look = false;
        if (stopping() && phase_ == phase::idle) last_look = true;  // a request that is already here is still served
        auto const step = stream_.try_read(loop_.read_area);
        if (step.state == io_state::done) {
            auto const bytes = base::byte_span(loop_.read_area).first(step.len);
            complete = absorb(bytes);
            base::wipe(bytes.data(), bytes.size());
            if (complete) break;
            if (phase_ == phase::idle) {
                phase_ = phase::reading;
                set_deadline(limits().header);
            }
            if (parser_->has_header() && co_await body_goes_on() == outcome::end) co_return outcome::end;
            continue;
        }
        if (step.state == io_state::closed || step.state == io_state::failed || last_look) co_return outcome::end;
        auto const failed = co_await stream_.wait(step.state);
        if (timed_out_) co_return outcome::end;
        if (failed && !(stopping() && failed == asio::error::operation_aborted)) co_return outcome::end;
    }
    co_return outcome::go_on;
}

// --- the answer ---------------------------------------------------------------------------------------------------

// Authorisation does not end at the handshake: a chain may have expired or its bundle been withdrawn meanwhile. Asked
// before a request is carried out, for it may change something, and before its answer is sent, for it may have been held.
bool http_session::still_welcome() {
    auto const& peer = stream_.peer();
    if (!peer || peer->still_valid(server_->options.clock->now())) return true;
    base::log::info("peer_no_longer_valid", {{"peer", peer->id()}, {"remote", remote_text()}});
    return false;
}

// HTTP/1.0 clients that asked to keep the connection want to hear so; in HTTP/1.1 silence means keep.
std::string_view http_session::connection_of(bool keep) const noexcept {
    if (!keep) return "close";
    return request_.fields["Connection"].empty() ? std::string_view{} : "keep-alive";
}

awaitable<http_session::outcome> http_session::answer(http_response response) {
    if (!still_welcome()) co_return outcome::end;
    if (client_gone_) co_return outcome::end;
    phase_ = phase::writing;
    bool const keep = keep_ && !response.close && !stopping();
    bool const body_allowed = request_.verb != http_verb::head && response.status != 304 && response.status != 204;
    bool const flat = response.body.size() <= flat_answer_len;
    answer_frame frame;
    frame.server_header = server_->options.server_header;
    frame.date = loop_.date.now();
    frame.connection = connection_of(keep);
    frame.with_body = body_allowed && flat;
    auto const head = write_answer(response, frame);
    auto sent = co_await send(head.bytes());
    if (sent == outcome::go_on && body_allowed && !flat) sent = co_await send(response.body.bytes());
    co_return keep ? sent : outcome::end;
}

awaitable<http_session::outcome> http_session::send(base::byte_view bytes) {
    bool timed = false;
    while (!bytes.empty()) {
        auto const step = stream_.try_write(bytes);
        if (step.state == io_state::done) {
            bytes = bytes.subspan(step.len);
            continue;
        }
        if (step.state == io_state::failed || step.state == io_state::closed) co_return outcome::end;
        if (!timed) {
            timed = true;
            set_deadline(limits().write + std::chrono::seconds(bytes.size() / slowest_reader));
        }
        auto const failed = co_await stream_.wait(step.state);
        if (failed || timed_out_) co_return outcome::end;
    }
    co_return outcome::go_on;
}

awaitable<http_session::outcome> http_session::refuse(unsigned status, std::string_view why) {
    http_response response;
    response.status = status;
    response.content_type = "application/json";
    response.close = true;
    response.body = base::secret_text(std::format("{{\"err\":\"{}\"}}", why));  // our own sentences: nothing to escape
    request_.verb = http_verb::get;                                              // never half-parsed
    co_await answer(std::move(response));
    co_await linger();
    co_return outcome::end;
}

// Closing while the client still sends would reset the connection and destroy the answer on its way. So: say that we
// are done, then throw away what comes, undeciphered, for a while.
awaitable<void> http_session::linger() {
    phase_ = phase::lingering;
    set_deadline(limits().linger);
    stream_.try_shutdown();
    error_code failed;
    stream_.socket().shutdown(tcp_socket::shutdown_send, failed);
    for (std::size_t thrown_away = 0; !failed && !timed_out_ && thrown_away < max_lingering_len;) {
        ssize_t const got = ::recv(stream_.socket().native_handle(), loop_.read_area.data(), loop_.read_area.size(), 0);
        if (got == 0) break;
        if (got > 0) {
            thrown_away += static_cast<std::size_t>(got);
            // The other connections of the loop go first: a flood must not keep it busy.
            if (thrown_away % (256 * 1024) >= static_cast<std::size_t>(got)) continue;
        } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
            break;
        }
        failed = co_await stream_.wait(io_state::want_read);
    }
}

// --- from outside -------------------------------------------------------------------------------------------------

void http_session::expire() {
    timed_out_ = true;
    set_no_deadline();
    if (phase_ != phase::idle && phase_ != phase::lingering) ++server_->counters.timed_out;
    stream_.cancel();
}

void http_session::drain() {
    if (phase_ == phase::handshake || phase_ == phase::idle) stream_.cancel();
    if (hold_timer_) hold_timer_->cancel();
}

void http_session::cut() {
    timed_out_ = true;
    client_gone_ = true;
    if (hold_timer_) hold_timer_->cancel();
    stream_.close();
}

}  // namespace vsecm::net
