#include "unit/net/blocking_client.hpp"

#include "support/loopback.hpp"

#include <catch2/catch_test_macros.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vsecm::test {
int connect_local(std::uint16_t port, std::chrono::milliseconds patience) {
    int const fd = connect_loopback(port, patience);
    REQUIRE(fd >= 0);
    int const yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

blocking_client::blocking_client(std::uint16_t port, std::shared_ptr<net::tls_context const> context,
    std::chrono::milliseconds patience)
    : context_(std::move(context)), ssl_(SSL_new(context_->ctx.get())), fd_(connect_local(port, patience)) {
    SSL_set_fd(ssl_, fd_);
    SSL_set_connect_state(ssl_);
}

blocking_client::~blocking_client() {
    SSL_free(ssl_);
    ::close(fd_);
}

bool blocking_client::handshake() {
    if (SSL_do_handshake(ssl_) == 1) return true;
    error_ = net::openssl_reason();
    return false;
}

bool blocking_client::send(std::string_view text) {
    while (!text.empty()) {
        std::size_t sent = 0;
        if (SSL_write_ex(ssl_, text.data(), text.size(), &sent) != 1) {
            error_ = net::openssl_reason();
            return false;
        }
        text.remove_prefix(sent);
    }
    return true;
}

std::string blocking_client::read_some() {
    char buffer[16384];
    std::size_t got = 0;
    if (SSL_read_ex(ssl_, buffer, sizeof buffer, &got) != 1) {
        error_ = net::openssl_reason();
        return {};
    }
    return {buffer, got};
}

answer blocking_client::receive(bool head_only) {
    answer a;
    for (;;) {
        if (auto const end = unread_.find("\r\n\r\n"); end != std::string::npos) {
            a.head = unread_.substr(0, end + 4);
            std::size_t len = 0;
            if (auto const at = a.head.find("Content-Length: "); at != std::string::npos && !head_only) {
                len = std::stoul(a.head.substr(at + 16));
            }
            if (unread_.size() >= end + 4 + len) {
                a.body = unread_.substr(end + 4, len);
                unread_.erase(0, end + 4 + len);
                a.status = static_cast<unsigned>(std::stoul(a.head.substr(9, 3)));
                return a;
            }
        }
        auto const more = read_some();
        if (more.empty()) return {};
        unread_ += more;
    }
}

bool blocking_client::ended_within(std::chrono::milliseconds limit) {
    auto const deadline = std::chrono::steady_clock::now() + limit;
    set_patience(fd_, limit);
    while (std::chrono::steady_clock::now() < deadline) {
        char buffer[16384];
        // Raw, because a connection that is cut has no last TLS record.
        auto const got = ::recv(fd_, buffer, sizeof buffer, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return true;
    }
    return false;
}

}  // namespace vsecm::test
