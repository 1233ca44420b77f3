// Sockets that programs started by this process do not inherit.
#pragma once

#include "base/file.hpp"
#include "net/asio.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace vsecm::net {

// Opens `socket`, or an acceptor, with CLOEXEC, which Asio's open() leaves out. The SDK lives in programs that start others, which
// would keep connections open that ours has ended.
template <class Socket>
error_code open_private(Socket& socket, typename Socket::protocol_type const& protocol) {
    base::unique_fd fd(::socket(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol()));
    if (!fd) return {errno, boost::system::system_category()};
    error_code failed;
    socket.assign(protocol, fd.get(), failed);
    if (!failed) fd.release();
    return failed;
}

// Accepts without waiting what is pending at `acceptor`, which must not block (native_non_blocking); the socket has CLOEXEC.
template <class Acceptor, class Socket>
error_code accept_private(Acceptor& acceptor, Socket& socket) {
    base::unique_fd fd(::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    error_code failed;
    if (!fd) return {errno, boost::system::system_category()};
    auto const where = acceptor.local_endpoint(failed);
    if (!failed) socket.assign(where.protocol(), fd.get(), failed);
    if (!failed) fd.release();
    return failed;
}

}  // namespace vsecm::net
