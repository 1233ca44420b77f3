#include "grpc/server.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "grpc/server_session.hpp"
#include "net/private_socket.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/address.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

namespace vsecm::grpc {

namespace asio = net::asio;

namespace {

template <class Protocol>
using acceptor_of = asio::basic_socket_acceptor<Protocol, net::executor>;

peer_credentials credentials_of(int fd) noexcept {
    ::ucred found{};
    ::socklen_t len = sizeof found;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &len) != 0 || found.pid == 0) return {};
    return {static_cast<int>(found.pid), static_cast<int>(found.uid), static_cast<int>(found.gid)};
}

// Makes room at `path`: only a socket that nobody answers on is removed.
base::status remove_stale_socket(std::string const& path) {
    struct ::stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        if (errno == ENOENT) return {};
        return base::fail(base::errc::storage, "looking at {}: {}", path, std::strerror(errno));
    }
    if (!S_ISSOCK(info.st_mode)) return base::fail(base::errc::conflict, "{} exists and is not a socket", path);
    base::unique_fd const probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!probe) return base::fail(base::errc::unavailable, "making a socket: {}", std::strerror(errno));
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);  // its length was checked
    if (::connect(probe.get(), reinterpret_cast<::sockaddr const*>(&address), sizeof address) == 0 || errno != ECONNREFUSED)
        return base::fail(base::errc::conflict, "another server answers on {}", path);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return base::fail(base::errc::storage, "removing the stale socket {}: {}", path, std::strerror(errno));
    return {};
}

}  // namespace

struct server::state : std::enable_shared_from_this<server::state> {
    state(net::executor loop, service handler, server_options chosen)
        : ex(loop), handle(std::move(handler)), options(chosen), pause(loop) {}

    struct socket_file {
        std::string path;
        ::dev_t device;
        ::ino_t inode;
    };
    net::executor ex;
    service handle;
    server_options options;
    std::vector<std::shared_ptr<acceptor_of<asio::local::stream_protocol>>> unix_acceptors;
    std::vector<std::shared_ptr<acceptor_of<asio::ip::tcp>>> tcp_acceptors;
    std::vector<socket_file> files;
    std::set<std::shared_ptr<server_session>> sessions;
    net::timer pause;
    bool stopped = false;

    template <class Protocol>
    void accept_next(std::shared_ptr<acceptor_of<Protocol>> const& acceptor) {
        // The wait alone is Asio's: its accept leaves out CLOEXEC, and another handler that starts a program may run before ours.
        acceptor->async_wait(asio::socket_base::wait_read, [self = shared_from_this(), acceptor](net::error_code ec) {
            if (self->stopped || ec == asio::error::operation_aborted) return;
            asio::basic_stream_socket<Protocol, net::executor> socket(self->ex);
            if (!ec) ec = net::accept_private(*acceptor, socket);
            if (ec == asio::error::would_block || ec == asio::error::connection_aborted) return self->accept_next(acceptor);  // that client has gone
            if (ec) {
                // Out of descriptors, say: breathe, or this loop would spin.
                base::log::warn("grpc_accept_failed", {{"reason", ec.message()}});
                self->pause.expires_after(std::chrono::milliseconds{100});
                self->pause.async_wait([self, acceptor](net::error_code) {
                    if (!self->stopped) self->accept_next(acceptor);
                });
                return;
            }
            self->take(stream_socket(std::move(socket)));
            self->accept_next(acceptor);
        });
    }

    void take(stream_socket socket) {
        if (sessions.size() >= options.max_connections) {
            base::log::warn("grpc_connection_refused", {{"limit", options.max_connections}});
            return;  // dropping it closes it
        }
        auto const peer = credentials_of(socket.native_handle());
        auto session = std::make_shared<server_session>(std::move(socket), options, handle, peer,
                                                        [weak = weak_from_this()](server_session* gone) {
                                                            if (auto const self = weak.lock()) self->forget(gone);
                                                        });
        sessions.insert(session);
        session->start();
        session->watch_idleness();
    }

    void forget(server_session* gone) {
        std::erase_if(sessions, [gone](auto const& session) { return session.get() == gone; });
    }
};

method_name split_path(std::string_view path) noexcept {
    if (!path.starts_with('/')) return {{}, path};
    auto const slash = path.rfind('/');
    if (slash == 0) return {{}, path.substr(1)};
    return {path.substr(1, slash - 1), path.substr(slash + 1)};
}

server::server(net::executor ex, service handle, server_options options)
    : state_(std::make_shared<state>(ex, std::move(handle), options)) {}

server::~server() { stop(); }

base::status server::listen_unix(std::string path, unsigned mode) {
    ::sockaddr_un probe{};
    if (path.empty() || path.size() >= sizeof probe.sun_path)
        return base::fail(base::errc::invalid, "a Unix socket path has 1 to {} bytes; {} has {}", sizeof probe.sun_path - 1,
                          path, path.size());
    VSECM_TRY_OK(remove_stale_socket(path));
    auto acceptor = std::make_shared<acceptor_of<asio::local::stream_protocol>>(state_->ex);
    net::error_code ec;
    ec = net::open_private(*acceptor, asio::local::stream_protocol());
    if (!ec) acceptor->bind(asio::local::stream_protocol::endpoint(path), ec);
    if (ec) return base::fail(base::errc::storage, "making the socket {}: {}", path, ec.message());
    // Nobody can connect before listen(), so the mode is right from the first caller on.
    struct ::stat info {};
    if (::chmod(path.c_str(), mode) != 0 || ::lstat(path.c_str(), &info) != 0) {
        auto const reason = errno;
        ::unlink(path.c_str());
        return base::fail(base::errc::storage, "setting the mode of {}: {}", path, std::strerror(reason));
    }
    acceptor->listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) acceptor->native_non_blocking(true, ec);
    if (ec) {
        ::unlink(path.c_str());
        return base::fail(base::errc::unavailable, "listening on {}: {}", path, ec.message());
    }
    state_->files.push_back({path, info.st_dev, info.st_ino});
    state_->unix_acceptors.push_back(acceptor);
    state_->accept_next<asio::local::stream_protocol>(acceptor);
    return {};
}

base::result<std::uint16_t> server::listen_tcp(std::string_view address, std::uint16_t port) {
    net::error_code ec;
    auto const ip = asio::ip::make_address(address, ec);
    if (ec) return base::fail(base::errc::invalid, "'{}' is not an IP address", address);
    auto acceptor = std::make_shared<acceptor_of<asio::ip::tcp>>(state_->ex);
    asio::ip::tcp::endpoint const where(ip, port);
    ec = net::open_private(*acceptor, where.protocol());
    if (!ec) acceptor->set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor->bind(where, ec);
    if (!ec) acceptor->listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) acceptor->native_non_blocking(true, ec);
    if (ec) return base::fail(base::errc::unavailable, "listening on {} port {}: {}", address, port, ec.message());
    auto const bound = acceptor->local_endpoint(ec).port();
    state_->tcp_acceptors.push_back(acceptor);
    state_->accept_next<asio::ip::tcp>(acceptor);
    return bound;
}

void server::stop() {
    if (std::exchange(state_->stopped, true)) return;
    net::error_code ignored;
    for (auto const& acceptor : state_->unix_acceptors) acceptor->close(ignored);
    for (auto const& acceptor : state_->tcp_acceptors) acceptor->close(ignored);
    state_->pause.cancel();
    for (auto const& file : state_->files) {
        struct ::stat info {};  // somebody may have replaced it: then it is theirs
        if (::lstat(file.path.c_str(), &info) == 0 && info.st_dev == file.device && info.st_ino == file.inode)
            ::unlink(file.path.c_str());
    }
    auto const sessions = std::exchange(state_->sessions, {});
    for (auto const& session : sessions) session->close("the server stopped");
}

std::size_t server::num_connections() const noexcept { return state_->sessions.size(); }

call_status server::unimplemented(server_call const& call) {
    auto const name = split_path(call.path());
    return {code::unimplemented, std::format("unknown method {} for service {}", name.method, name.service)};
}

}  // namespace vsecm::grpc
