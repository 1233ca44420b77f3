// A session while its request is held: the long poll, and the watch on a client that should be silent meanwhile.
#include "net/http_session.hpp"

namespace vsecm::net {

using base::errc;
using io_state = tls_stream::io_state;

awaitable<base::result<bool>> http_session::hold(wake_signal& signal, steady_clock::time_point deadline) {
    if (signal.take()) co_return true;
    timer alarm(loop_.loop, deadline);
    // Whichever way this ends, nobody is left pointing at the alarm.
    struct held {
        http_session& session;
        wake_signal& bell;
        ~held() {
            session.end_watch();
            bell.stop_listening();
            session.hold_timer_ = nullptr;
            session.phase_ = phase::handling;
            session.loop_.held.fetch_sub(1, std::memory_order_relaxed);
        }
    } const guard{*this, signal};
    phase_ = phase::held;
    loop_.held.fetch_add(1, std::memory_order_relaxed);
    hold_timer_ = &alarm;
    begin_watch();
    while (!client_gone_ && !stopping() && !signal.take()) {
        signal.listen([&alarm] { alarm.cancel(); });
        auto [failed] = co_await alarm.async_wait(as_result);
        if (!failed) co_return signal.take();
        // Somebody cancelled the alarm: look why.
    }
    if (client_gone_) co_return base::fail(errc::cancelled, "the client has gone");
    if (stopping()) co_return base::fail(errc::cancelled, "the server is stopping");
    co_return true;
}

// While a request is held the client should be silent. If it closes, the request is over. If it sends more (pipelining),
// one record is kept for later and the rest stays in the kernel: reading on would let it fill our memory.
void http_session::begin_watch() {
    if (!pending_.empty()) return;
    auto const step = stream_.try_read(loop_.read_area);
    if (step.state == io_state::done) {
        auto const bytes = base::byte_span(loop_.read_area).first(step.len);
        pending_.append(base::byte_view(bytes));
        base::wipe(bytes.data(), bytes.size());
    } else if (step.state == io_state::want_read) {
        watching_ = true;
        unsigned const id = ++watch_id_;
        stream_.socket().async_wait(tcp_socket::wait_read,
            [self = shared_from_this(), id](error_code failed) { self->watch_fired(id, failed); });
    } else if (step.state != io_state::want_write) {
        client_gone_ = true;
    }
}

void http_session::watch_fired(unsigned id, error_code failed) {
    if (!watching_ || id != watch_id_) return;  // from a hold that is over
    watching_ = false;
    if (failed) return;
    stream_.note_readable();
    begin_watch();
    if (client_gone_ && hold_timer_) hold_timer_->cancel();
}

void http_session::end_watch() {
    if (!watching_) return;
    watching_ = false;
    stream_.cancel();
}

}  // namespace vsecm::net
