#include "net/probes.hpp"

#include "base/log.hpp"
#include "net/address.hpp"
#include "net/http_message.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace vsecm::net {
namespace {

constexpr std::size_t max_connections = 64;
constexpr std::size_t max_request_len = 4096;
constexpr auto patience = std::chrono::seconds(5);

// "GET /readyz HTTP/1.1": the path, without query; empty if this is not a request line.
std::string_view path_of(std::string_view request) {
    auto const line = request.substr(0, request.find_first_of("\r\n"));
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    if (first == line.npos || last <= first || !line.substr(last + 1).starts_with("HTTP/1.")) return {};
    auto const target = line.substr(first + 1, last - first - 1);
    return target.starts_with('/') ? target.substr(0, target.find('?')) : std::string_view{};
}

// The fields of that name, as one list.
std::string field_of(std::string_view request, std::string_view lower_name) {
    std::string all;
    for (auto end = request.find('\n'); end != request.npos; end = request.find('\n')) {
        request.remove_prefix(end + 1);
        auto const line = request.substr(0, request.find_first_of("\r\n"));
        auto const colon = line.find(':');
        auto const same = [](char c, char lower) { return c == lower || (c >= 'A' && c <= 'Z' && c - 'A' + 'a' == lower); };
        if (colon == line.npos || !std::ranges::equal(line.substr(0, colon), lower_name, same)) continue;
        all.append(all.empty() ? "" : ",").append(line.substr(colon + 1));
    }
    return all;
}

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

std::string reply(unsigned status, std::string_view type, std::string_view body, bool head_only) {
    return std::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        status, reason_of(status), type, body.size(), head_only ? std::string_view{} : body);
}

std::string answer(probe_checks const& checks, std::string_view request) {
    auto const path = path_of(request);
    if (path.empty()) return reply(400, plain_text, "not an HTTP request", false);
    bool const head_only = request.starts_with("HEAD ");
    if (path == "/metrics") {
        if (!checks.metrics) return reply(404, plain_text, "metrics are not offered here", head_only);
        auto const told = checks.metrics->to(field_of(request, "accept"));
        return reply(200, told.content_type, told.body, head_only);
    }
    auto const* check = &checks.check;
    if ((path == "/livez" || path == "/healthz") && checks.live) check = &checks.live;
    if (path == "/readyz" && checks.ready) check = &checks.ready;
    auto const trouble = *check ? (*check)() : std::nullopt;
    return trouble ? reply(503, plain_text, *trouble, head_only) : reply(200, plain_text, "OK", head_only);
}

// One connection, one answer. Plain waits on one timer: no TLS, no keep-alive, nothing worth a session object.
struct probe_connection : std::enable_shared_from_this<probe_connection> {
    probe_connection(tcp_socket s, probe_checks const& c) : socket(std::move(s)), limit(socket.get_executor()), checks(c) {}

    awaitable<void> run() {
        limit.expires_after(patience);
        limit.async_wait([self = shared_from_this()](error_code failed) {
            if (!failed) self->cut();
        });
        std::string request;
        std::array<char, 1024> buffer;
        while (!request.contains("\r\n\r\n") && !request.contains("\n\n")) {
            auto [failed, len] = co_await socket.async_read_some(asio::buffer(buffer), as_result);
            if (failed || request.size() + len > max_request_len) co_return;
            request.append(buffer.data(), len);
        }
        auto const text = answer(checks, request);
        for (std::size_t sent = 0; sent < text.size();) {
            auto [failed, len] = co_await socket.async_write_some(asio::buffer(text.data() + sent, text.size() - sent), as_result);
            if (failed) co_return;
            sent += len;
        }
        error_code ignored;
        socket.shutdown(tcp_socket::shutdown_send, ignored);
        co_await socket.async_read_some(asio::buffer(buffer), as_result);  // their end, or the limit
    }

    void cut() {
        error_code ignored;
        socket.close(ignored);
    }

    tcp_socket socket;
    timer limit;
    probe_checks const& checks;
};

}  // namespace

struct probe_server::state {
    // Both own what they borrow from.
    static awaitable<void> accept(std::shared_ptr<state> self);
    static awaitable<void> serve(std::shared_ptr<state> self, base::unique_fd fd);

    asio::ip::tcp protocol;
    asio::basic_socket_acceptor<asio::ip::tcp, executor> acceptor;
    timer pause;
    probe_checks checks;
    std::uint16_t port;
    std::vector<probe_connection*> open;  // in the order of their coming
    runtime& loops;
};

awaitable<void> probe_server::state::serve(std::shared_ptr<state> self, base::unique_fd fd) {
    std::shared_ptr<probe_connection> connection;
    try {
        tcp_socket socket(self->pause.get_executor(), self->protocol, fd.get());
        fd.release();
        connection = std::make_shared<probe_connection>(std::move(socket), self->checks);
        // An honest probe is answered within milliseconds: the oldest of so many is one that will not ask, or will not go.
        if (self->open.size() == max_connections) {
            self->open.front()->cut();
            self->open.erase(self->open.begin());
        }
        self->open.push_back(connection.get());
        co_await connection->run();
    } catch (std::bad_alloc const&) {  // nor is there any for a word about it
    } catch (std::exception const& thrown) {
        base::log::error("probe_failed", {{"reason", thrown.what()}});
    }
    if (!connection) co_return;
    connection->limit.cancel();
    std::erase(self->open, connection.get());
}

awaitable<void> probe_server::state::accept(std::shared_ptr<state> self) {
    for (;;) {
        // The wait alone is Asio's: its accept throws where nobody can catch when there is no memory, and leaves out CLOEXEC.
        auto [failed] = co_await self->acceptor.async_wait(asio::socket_base::wait_read, as_result);
        if (failed) co_return;
        base::unique_fd fd(::accept4(self->acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd) {
            if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;  // that client has gone
            self->pause.expires_after(std::chrono::milliseconds(200));  // a probe may wait
            co_await self->pause.async_wait(as_result);
            continue;
        }
        try {
            self->loops.spawn(0, "probe", serve(self, std::move(fd)));
        } catch (std::bad_alloc const&) {  // this connection only
        }
    }
}

probe_server::probe_server(runtime& loops, base::unique_fd listener, probe_checks checks) {
    sockaddr_storage address{};
    socklen_t len = sizeof address;
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &len);
    auto const protocol = address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    auto const loop = loops.loop(0);
    auto const bound = bound_port(listener.get());
    asio::basic_socket_acceptor<asio::ip::tcp, executor> acceptor(loop, protocol, listener.get());
    listener.release();
    state_ = std::make_shared<state>(protocol, std::move(acceptor), timer(loop), std::move(checks), bound, std::vector<probe_connection*>{}, loops);
}

probe_server::~probe_server() = default;

void probe_server::start() { state_->loops.spawn(0, "probes", state::accept(state_)); }
std::uint16_t probe_server::port() const noexcept { return state_->port; }

void probe_server::stop() {
    error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.cancel();
}

}  // namespace vsecm::net
