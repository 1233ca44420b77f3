// Sockets that programs started by this process do not inherit.
#pragma once

#include "base/file.hpp"
#include "net/asio.hpp"

#include <fcntl.h>
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

// Of a socket that Asio has accepted: the same, a moment later. Nothing is started in that moment: a process that starts others does
// so on its one loop, which is the one that accepts.
template <class Socket>
void keep_private(Socket& accepted) noexcept {
    ::fcntl(accepted.native_handle(), F_SETFD, FD_CLOEXEC);
}

}  // namespace vsecm::net
