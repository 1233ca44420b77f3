#include "support/loopback.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace vsecm::test {

void set_patience(int fd, std::chrono::milliseconds patience) {
    ::timeval const limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int connect_loopback(std::uint16_t port, std::chrono::milliseconds patience) {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set_patience(fd, patience);
    ::sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<::sockaddr*>(&to), sizeof to) == 0) return fd;
    ::close(fd);
    return -1;
}

heard receive_all(int fd) {
    heard all;
    char buffer[4096];
    ssize_t n = 0;
    while ((n = ::recv(fd, buffer, sizeof buffer, 0)) > 0) all.text.append(buffer, static_cast<std::size_t>(n));
    all.still_open = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return all;
}

}  // namespace vsecm::test
