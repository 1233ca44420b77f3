#include "net/http_server.hpp"

#include "base/log.hpp"
#include "net/address.hpp"
#include "net/http_session.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace vsecm::net {
namespace {

constexpr auto sweep_interval = std::chrono::milliseconds(500);
constexpr auto no_descriptor_pause = std::chrono::milliseconds(100);
constexpr auto crowded_pause = std::chrono::milliseconds(20);
constexpr unsigned accepts_a_turn = 64;                       // then the other work of loop 0 has a turn

// Once every half second, only while there are connections.
// `server` owns the loop.
awaitable<void> sweep(std::shared_ptr<http_server_state> server, server_loop& loop) {
    do {
        loop.sweep_timer.expires_after(sweep_interval);
        auto [failed] = co_await loop.sweep_timer.async_wait(as_result);
        if (failed) break;
        if (auto const failures = std::exchange(loop.failures, 0); failures > max_failures_logged) {
            base::log::warn("handshakes_failed", {{"listener", server->options.label}, {"more", failures - max_failures_logged}});
        }
        auto const now = steady_clock::now();
        // expire() only cancels waits, so the list does not change under us.
        for (std::size_t i = 0; i < loop.slots.size(); ++i) {
            if (loop.slots[i].deadline <= now) loop.slots[i].session->expire();
        }
    } while (!loop.slots.empty());
    loop.sweeping = false;
}

void log_task(std::exception_ptr failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (std::exception const& thrown) {
        base::log::error("connection_failed", {{"reason", thrown.what()}});
    } catch (...) {
        base::log::error("connection_failed");
    }
}

void begin_session(std::shared_ptr<http_server_state> server, server_loop& loop, base::unique_fd fd, remote_address remote) {
    try {
        auto context = server->tls->current();
        if (!context || server->stopping) throw std::runtime_error("no identity yet");
        auto const protocol = remote.protocol();
        tcp_socket socket(loop.loop, protocol, fd.get());
        fd.release();
        auto session = std::make_shared<http_session>(server, loop, std::move(socket), remote, std::move(context));
        // The sweep first: a session that runs gives back what was counted for it, and below nobody may do so again. Without one to
        // sweep it ends by itself.
        if (!loop.sweeping) {
            asio::co_spawn(loop.loop, sweep(server, loop), [server, &loop](std::exception_ptr failure) {
                if (failure) loop.sweeping = false;
                log_task(failure);
            });
            loop.sweeping = true;
        }
        asio::co_spawn(loop.loop, http_session::run(std::move(session)), log_task);
    } catch (std::exception const&) {  // no memory, no identity, no room in epoll: this connection only
        ++server->counters.handshakes_failed;
        server->forget_one(loop, true);
    }
}

// The least loaded loop with room for a handshake, equals in turn; null if none has.
server_loop* choose_loop(http_server_state& server) {
    server_loop* best = nullptr;
    for (std::size_t i = 0; i < server.loops.size(); ++i) {
        auto* const loop = server.loops[(server.next_loop + i) % server.loops.size()].get();
        if (loop->handshaking >= server.options.limits.max_handshakes_per_loop) continue;
        if (!best || loop->open < best->open) best = loop;
    }
    return best;
}

// Clients that say nothing, or stop in the middle, must not keep honest ones out.
void evict_stalled(std::shared_ptr<http_server_state> server) {
    for (auto& each : server->loops) {
        asio::post(each->loop, [server, loop = each.get()] {
            auto const now = steady_clock::now();
            for (std::size_t i = 0; i < loop->slots.size(); ++i) {
                if (!loop->slots[i].session->stalls(now)) continue;
                ++server->counters.handshakes_evicted;
                loop->slots[i].session->expire();
            }
        });
    }
}

// Many machines still give a process 1,024 descriptors and let it ask for more.
void make_room_for(std::size_t connections, std::string const& label) {
    ::rlimit now{};
    if (::getrlimit(RLIMIT_NOFILE, &now) != 0) return;
    auto const wanted = static_cast<::rlim_t>(connections) + 512;  // and files, epoll, pipes
    if (now.rlim_cur >= wanted) return;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < wanted) {
        base::log::warn("few_descriptors", {{"listener", label}, {"wanted", wanted}, {"allowed", now.rlim_max}});
    }
    now.rlim_cur = std::min(wanted, now.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &now);
}

enum class accepted { one, none, crowded, no_descriptors };

accepted accept_one(std::shared_ptr<http_server_state> const& server) {
    auto* const loop = choose_loop(*server);
    if (!loop) return accepted::crowded;
    remote_address remote;
    auto len = static_cast<socklen_t>(remote.capacity());
    base::unique_fd fd(::accept4(server->acceptor->native_handle(), remote.data(), &len, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
        switch (errno) {
            case EAGAIN: return accepted::none;
            case EMFILE:
            case ENFILE:
            case ENOBUFS:
            case ENOMEM: return accepted::no_descriptors;
            default: return accepted::one;  // that client has gone, or EINTR: the next
        }
    }
    remote.resize(len);
    auto& counters = server->counters;
    if (counters.open >= server->options.limits.max_connections) {
        ++counters.refused_full;
        return accepted::one;  // closed by unique_fd
    }
    ++counters.accepted;
    ++counters.open;
    server->next_loop = loop->index + 1;
    ++loop->open;
    ++loop->handshaking;
    int const yes = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    asio::post(loop->loop, [server, loop, fd = std::move(fd), remote]() mutable {
        begin_session(std::move(server), *loop, std::move(fd), remote);
    });
    return accepted::one;
}

awaitable<void> accept_all(std::shared_ptr<http_server_state> server) {
    auto last_log = steady_clock::time_point::min();
    while (!server->stopping) {
        auto [failed] = co_await server->acceptor->async_wait(asio::socket_base::wait_read, as_result);
        if (failed) break;
        auto state = accepted::one;
        for (unsigned i = 0; i < accepts_a_turn && state == accepted::one && !server->stopping; ++i) state = accept_one(server);
        if (state != accepted::crowded && state != accepted::no_descriptors) continue;
        if (state == accepted::crowded) evict_stalled(server);
        // At most one line in ten seconds, however long it lasts.
        if (auto const now = steady_clock::now(); last_log + std::chrono::seconds(10) < now) {
            last_log = now;
            base::log::warn(state == accepted::crowded ? "accept_crowded" : "accept_failed",
                {{"listener", server->options.label},
                    {"reason", state == accepted::crowded ? "too many unfinished handshakes" : "no file descriptors or memory left"}});
        }
        server->accept_pause->expires_after(state == accepted::crowded ? crowded_pause : no_descriptor_pause);
        co_await server->accept_pause->async_wait(as_result);
    }
}

// Runs `act` for each session of each loop, on its loop.
void on_every_session(std::shared_ptr<http_server_state> const& server, void (http_session::*act)()) {
    for (auto& each : server->loops) {
        asio::post(each->loop, [server, loop = each.get(), act] {
            for (std::size_t i = 0; i < loop->slots.size(); ++i) (loop->slots[i].session->*act)();
        });
    }
}

}  // namespace

http_server_state::http_server_state(runtime& rt, std::shared_ptr<tls_source const> source, http_handler& h,
    http_server_options o)
    : loops_of(rt), tls(std::move(source)), handler(h), options(std::move(o)) {
    for (std::size_t i = 0; i < rt.num_loops(); ++i) loops.push_back(std::make_unique<server_loop>(rt.loop(i), i));
}

void http_server_state::forget_one(server_loop& loop, bool in_handshake) {
    if (in_handshake) --loop.handshaking;
    --loop.open;
    if (--counters.open == 0 && stopping) {
        asio::post(loops.front()->loop, [self = shared_from_this()] { self->all_closed.notify(); });
    }
}

http_server::http_server(runtime& loops, base::unique_fd listener, std::shared_ptr<tls_source const> tls,
    http_handler& handler, http_server_options options)
    : state_(std::make_shared<http_server_state>(loops, std::move(tls), handler, std::move(options))) {
    state_->port = bound_port(listener.get());
    state_->listener = std::move(listener);
}

http_server::~http_server() = default;

void http_server::start() {
    auto& s = *state_;
    make_room_for(s.options.limits.max_connections, s.options.label);
    sockaddr_storage address{};
    socklen_t len = sizeof address;
    ::getsockname(s.listener.get(), reinterpret_cast<sockaddr*>(&address), &len);
    auto const protocol = address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    s.acceptor = std::make_unique<asio::basic_socket_acceptor<asio::ip::tcp, executor>>(s.loops_of.loop(0), protocol, s.listener.get());
    s.listener.release();
    s.accept_pause = std::make_unique<timer>(s.loops_of.loop(0));
    s.loops_of.spawn(0, "accept", accept_all(state_));
}

std::uint16_t http_server::port() const noexcept { return state_->port; }
http_counters const& http_server::counters() const noexcept { return state_->counters; }

std::vector<std::size_t> http_server::open_per_loop() const {
    std::vector<std::size_t> open;
    for (auto const& loop : state_->loops) open.push_back(loop->open);
    return open;
}

std::size_t http_server::num_held() const noexcept {
    std::size_t held = 0;
    for (auto const& loop : state_->loops) held += loop->held.load(std::memory_order_relaxed);
    return held;
}

void http_server::stop_taking_in() {
    if (state_->stopping.exchange(true)) return;
    error_code ignored;
    if (state_->acceptor) state_->acceptor->close(ignored);
    if (state_->accept_pause) state_->accept_pause->cancel();
    on_every_session(state_, &http_session::drain);
}

awaitable<void> http_server::finish(steady_clock::time_point deadline) {
    auto const state = state_;
    while (state->counters.open != 0) {
        if (co_await wait_for(state->all_closed, deadline)) continue;
        if (state->counters.open == 0) break;
        base::log::warn("connections_cut", {{"listener", state->options.label}, {"open", state->counters.open.load()}});
        on_every_session(state, &http_session::cut);
        co_await wait_for(state->all_closed, steady_clock::now() + std::chrono::milliseconds(300));
        break;
    }
}

}  // namespace vsecm::net
