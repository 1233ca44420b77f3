#include "load/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <format>
#include <string_view>
#include <utility>

namespace vsecm::load {

void connection::open() {
    --tally_.closed;
    ++tally_.opening;
    begun_ = clock_type::now();
    fd_ = ::socket(s_.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int const yes = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::connect(fd_, reinterpret_cast<sockaddr const*>(&s_.address), s_.address_len);
    ssl_ = tls_.new_connection();
    SSL_set_fd(ssl_, fd_);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = this;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event);
    shaken_ = sent_ = silent_ = false;
    got_.clear();
}

void connection::close() {
    if (ssl_) SSL_free(ssl_);
    if (fd_ >= 0) ::close(fd_);
    ssl_ = nullptr;
    fd_ = -1;
}

void connection::step(bool counting) {
    while (is_open()) {
        if (!shaken_) {
            if (int const r = SSL_do_handshake(ssl_); r != 1) return blocked(r, "handshake");
            shaken_ = true;
            --tally_.opening;
        }
        if (!sent_) {
            if (!s_.fresh) begun_ = clock_type::now();
            if (int const r = SSL_write(ssl_, s_.request.data(), static_cast<int>(s_.request.size())); r <= 0) return blocked(r, "write");
            sent_ = true;
        }
        char buffer[16384];
        std::size_t len = 0;
        if (int const r = SSL_read_ex(ssl_, buffer, sizeof buffer, &len); r != 1) return blocked(r, "read");
        got_.append(buffer, len);
        if (auto const whole = complete()) answered(*whole, counting);
    }
}

void connection::answered(std::size_t len, bool counting) {
    if (counting) {
        auto const took = std::chrono::duration<float, std::micro>(clock_type::now() - begun_);
        tally_.micros.push_back(took.count());
        tally_.answer_len = len;
    }
    if (s_.hold) return fall_silent();
    got_.clear();
    sent_ = false;
    if (s_.fresh) {
        SSL_shutdown(ssl_);
        close();
        ++tally_.closed;
        open();
    }
}

void connection::fall_silent() {
    auto const answer = std::exchange(got_, {});
    if (silent_) return tally_.fail("an answer to a request that was to be held, or to none");
    auto const at = answer.find("\r\nETag: ");
    if (at == std::string::npos) return tally_.fail("no ETag to watch");
    watch_request_ = s_.watch_request_head + "If-None-Match: " + answer.substr(at + 8, answer.find("\r\n", at + 2) - at - 8) + "\r\n\r\n";
    silent_ = true;
    ++tally_.held;
}

void connection::watch() {
    if (!silent_ || !is_open()) return;
    // Into a socket that has been quiet: one small record always fits.
    if (SSL_write(ssl_, watch_request_.data(), static_cast<int>(watch_request_.size())) <= 0) tally_.fail("write: " + tls_reason());
}

std::optional<std::size_t> connection::complete() {
    auto const end = got_.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    std::size_t len = 0;
    static constexpr std::string_view name = "content-length:";
    for (std::size_t at = got_.find("\r\n"); at < end; at = got_.find("\r\n", at + 2)) {
        auto const same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
        if (std::equal(name.begin(), name.end(), got_.begin() + static_cast<std::ptrdiff_t>(at) + 2, [&](char n, char g) { return same(g, n); })) {
            len = std::strtoul(got_.c_str() + at + 2 + name.size(), nullptr, 10);
        }
    }
    if (got_.size() < end + 4 + len) return {};
    if (int const status = std::atoi(got_.c_str() + 9); status != s_.expect) tally_.fail(std::format("status {}", status));
    return end + 4 + len;
}

void connection::blocked(int returned, char const* during) {
    int const why = SSL_get_error(ssl_, returned);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
    tally_.fail(std::format("{}: {}", during, tls_reason()));
    if (!shaken_) --tally_.opening;
    if (silent_) --tally_.held;
    close();  // whoever drives it opens it again
    ++tally_.closed;
}

}  // namespace vsecm::load
