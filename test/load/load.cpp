// vsecm-load: drives a server over mutual TLS and says how fast it answered and what that cost it. Closed loop: every
// connection has one request under way. wrk and h2load cannot present a client certificate.
#include "load/server_cost.hpp"

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <format>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
using vsecm::load::server_cost;

struct settings {
    std::string host = "127.0.0.1", port, path = "/", cert, key, ca, groups = "X25519", method = "GET";
    std::vector<std::string> headers;
    std::vector<int> pids;
    int connections = 8, threads = 1, expect = 200;
    double seconds = 3, warmup = 0.5;
    bool fresh = false, json = false, watch = false;
    std::string request, watch_request_head;  // of --watch: all but the ETag
    sockaddr_storage address{};
    socklen_t address_len = 0;
};

struct tally {
    std::vector<float> micros;  // of each answer, from its first byte sent (or from connect, with --fresh)
    std::size_t failures = 0;
    std::string first_failure;
    std::size_t answer_len = 0;
    int closed = 0, opening = 0, watching = 0;  // connections; opening ones have not shaken hands yet

    void fail(std::string why) {
        if (failures++ == 0) first_failure = std::move(why);
    }
};

std::string tls_reason() {
    char text[256];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
    ERR_clear_error();
    return text;
}

// One connection: connects, shakes hands, sends, reads the answer, and begins again.
class connection {
public:
    connection(settings const& s, SSL_CTX* ctx, int epoll, tally& t) : s_(s), ctx_(ctx), epoll_(epoll), tally_(t) {}
    ~connection() { close(); }

    bool is_open() const { return fd_ >= 0; }
    void open() {
        --tally_.closed;
        ++tally_.opening;
        begun_ = clock_type::now();
        fd_ = ::socket(s_.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int const yes = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        ::connect(fd_, reinterpret_cast<sockaddr const*>(&s_.address), s_.address_len);
        ssl_ = SSL_new(ctx_);
        SSL_set_fd(ssl_, fd_);
        SSL_set_connect_state(ssl_);
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
        event.data.ptr = this;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event);
        shaken_ = sent_ = false;
        got_.clear();
    }

    void close() {
        if (ssl_) SSL_free(ssl_);
        if (fd_ >= 0) ::close(fd_);
        ssl_ = nullptr;
        fd_ = -1;
    }

    // Goes on as far as the socket allows; counts answers when `counting`.
    void step(bool counting) {
        for (;;) {
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
            auto const whole = complete();
            if (!whole) continue;
            if (s_.watch) {
                begin_watch();
                continue;
            }
            if (counting) {
                auto const took = std::chrono::duration<float, std::micro>(clock_type::now() - begun_);
                tally_.micros.push_back(took.count());
                tally_.answer_len = *whole;
            }
            got_.clear();
            sent_ = false;
            if (s_.fresh) {
                SSL_shutdown(ssl_);
                close();
                ++tally_.closed;
                open();
                return;
            }
        }
    }

private:
    // After the first answer: the same again, held by the server until it changes.
    void begin_watch() {
        if (watch_request_.empty()) {
            auto const at = got_.find("\r\nETag: ");
            auto const end = got_.find("\r\n", at + 2);
            if (at == std::string::npos) return tally_.fail("no ETag to watch");
            watch_request_ = s_.watch_request_head + "If-None-Match: " + got_.substr(at + 8, end - at - 8) + "\r\n\r\n";
            ++tally_.watching;
        }
        got_.clear();
        SSL_write(ssl_, watch_request_.data(), static_cast<int>(watch_request_.size()));
    }

    // The length of a whole answer in got_.
    std::optional<std::size_t> complete() {
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

    void blocked(int returned, char const* during) {
        int const why = SSL_get_error(ssl_, returned);
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
        tally_.fail(std::format("{}: {}", during, tls_reason()));
        if (!shaken_) --tally_.opening;
        close();  // drive() opens it again
        ++tally_.closed;
    }

    settings const& s_;
    SSL_CTX* ctx_;
    int epoll_;
    tally& tally_;
    int fd_ = -1;
    SSL* ssl_ = nullptr;
    bool shaken_ = false, sent_ = false;
    std::string got_, watch_request_;
    clock_type::time_point begun_;
};

// Handshakes a thread has under way at most: ten thousand at once would only measure its own queue.
constexpr int max_opening = 64;

SSL_CTX* new_context(settings const& s) {
    SSL_CTX* ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ctx, 1);
    bool good = SSL_CTX_set1_groups_list(ctx, s.groups.c_str()) == 1;
    good = good && SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1;
    good = good && SSL_CTX_use_certificate_chain_file(ctx, s.cert.c_str()) == 1;
    good = good && SSL_CTX_use_PrivateKey_file(ctx, s.key.c_str(), SSL_FILETYPE_PEM) == 1;
    if (!s.ca.empty()) {
        good = good && SSL_CTX_load_verify_locations(ctx, s.ca.c_str(), nullptr) == 1;
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    }
    if (!good) {
        std::fprintf(stderr, "vsecm-load: %s\n", tls_reason().c_str());
        std::exit(1);
    }
    return ctx;
}

void drive(settings const& s, int num_connections, clock_type::time_point begin, clock_type::time_point end, tally& t) {
    SSL_CTX* const ctx = new_context(s);
    int const epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<std::unique_ptr<connection>> connections;
    t.micros.reserve(1 << 20);
    t.closed = num_connections;
    for (int i = 0; i < num_connections; ++i) connections.push_back(std::make_unique<connection>(s, ctx, epoll, t));
    std::size_t next = 0;
    epoll_event events[64];
    for (auto now = clock_type::now(); now < end; now = clock_type::now()) {
        for (std::size_t seen = 0; t.closed > 0 && t.opening < max_opening && t.failures < 1000 && seen < connections.size(); ++seen) {
            auto& candidate = *connections[next++ % connections.size()];
            if (!candidate.is_open()) candidate.open();
        }
        int const ready = ::epoll_wait(epoll, events, 64, 100);
        for (int i = 0; i < ready; ++i) static_cast<connection*>(events[i].data.ptr)->step(now >= begin);
    }
    connections.clear();
    ::close(epoll);
    SSL_CTX_free(ctx);
}

void report(settings const& s, std::vector<tally>& tallies, double took, server_cost const& before, server_cost const& after) {
    std::vector<float> all;
    std::size_t failures = 0, answer_len = 0;
    std::string first_failure;
    int watching = 0;
    for (auto const& t : tallies) {
        watching += t.watching;
        all.insert(all.end(), t.micros.begin(), t.micros.end());
        failures += t.failures;
        answer_len = std::max(answer_len, t.answer_len);
        if (first_failure.empty()) first_failure = t.first_failure;
    }
    std::sort(all.begin(), all.end());
    auto const at = [&](double q) { return all.empty() ? 0.0F : all[static_cast<std::size_t>(q * static_cast<double>(all.size() - 1))]; };
    auto const n = static_cast<double>(std::max<std::size_t>(all.size(), 1));
    double const cpu = (after.cpu_seconds - before.cpu_seconds) * 1e6 / n;
    double const user = (after.user_instructions - before.user_instructions) / n;
    double const kernel = (after.kernel_instructions - before.kernel_instructions) / n;
    if (s.watch) {
        double const each = (after.anonymous_bytes - before.anonymous_bytes) / std::max(watching, 1);
        std::puts(std::format(R"({{"watching":{},"server_anonymous_bytes_each":{:.0f},"failures":{}}})", watching, each, failures).c_str());
    } else if (s.json) {
        std::puts(std::format("{{\"requests\":{},\"rate\":{:.1f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"server_cpu_us\":{:.3f},"
                              "\"user_instructions\":{:.0f},\"kernel_instructions\":{:.0f},\"failures\":{},\"answer_len\":{}}}",
            all.size(), n / took, at(0.5), at(0.99), cpu, user, kernel, failures, answer_len).c_str());
    } else {
        std::puts(std::format("{} {} in {:.2f} s: {:.0f}/s, p50 {:.0f} us, p99 {:.0f} us, {} bytes each, {} failures",
            all.size(), s.fresh ? "connections" : "requests", took, n / took, at(0.5), at(0.99), answer_len, failures).c_str());
        if (!s.pids.empty()) std::puts(std::format("server: {:.2f} us CPU, {:.0f} + {:.0f} instructions (user + kernel) each", cpu, user, kernel).c_str());
    }
    if (failures != 0) std::fprintf(stderr, "vsecm-load: first failure: %s\n", first_failure.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    settings s;
    CLI::App app("Load over mutual TLS: keep-alive requests, or a new connection for each");
    app.add_option("--host", s.host, "an IP address");
    app.add_option("--port", s.port)->required();
    app.add_option("--path", s.path);
    app.add_option("--method", s.method);
    app.add_option("--header", s.headers, "\"Name: value\"");
    app.add_option("--cert", s.cert, "client certificate chain, PEM")->required();
    app.add_option("--key", s.key, "its key, PEM")->required();
    app.add_option("--ca", s.ca, "CA of the server, PEM; without it the server is not verified");
    app.add_option("--groups", s.groups);
    app.add_option("--connections", s.connections);
    app.add_option("--threads", s.threads);
    app.add_option("--seconds", s.seconds);
    app.add_option("--warmup", s.warmup, "seconds that are not counted");
    app.add_option("--expect", s.expect, "status every answer must have");
    app.add_option("--pid", s.pids, "server processes whose CPU time is measured, with all their threads");
    app.add_flag("--fresh", s.fresh, "a new connection for each request");
    app.add_flag("--watch", s.watch, "one request a connection, then the same again with its ETag, held by the server");
    app.add_flag("--json", s.json);
    CLI11_PARSE(app, argc, argv);

    s.request = std::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\n", s.method, s.path, s.host, s.port);
    for (auto const& header : s.headers) s.request += header + "\r\n";
    s.watch_request_head = s.request;
    s.watch_request_head.replace(s.method.size() + 1, s.path.size(), s.path + (s.path.contains('?') ? "&" : "?") + "wait=300");
    s.request += "\r\n";
    addrinfo hints{}, *found = nullptr;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    if (::getaddrinfo(s.host.c_str(), s.port.c_str(), &hints, &found) != 0) {
        std::fprintf(stderr, "vsecm-load: %s is not an address\n", s.host.c_str());
        return 1;
    }
    std::copy_n(reinterpret_cast<char const*>(found->ai_addr), found->ai_addrlen, reinterpret_cast<char*>(&s.address));
    s.address_len = found->ai_addrlen;
    ::freeaddrinfo(found);
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);

    vsecm::load::server_meter meter(s.pids);
    auto const nothing_open = meter.read();
    std::vector<tally> tallies(static_cast<std::size_t>(s.threads));
    auto const seconds = [](double value) { return std::chrono::duration_cast<clock_type::duration>(std::chrono::duration<double>(value)); };
    auto const begin = clock_type::now() + seconds(s.warmup), end = begin + seconds(s.seconds);
    std::vector<std::jthread> threads;
    for (int i = 0; i < s.threads; ++i) {
        int const share = s.connections / s.threads + (i < s.connections % s.threads ? 1 : 0);
        threads.emplace_back([&, i, share] { drive(s, share, begin, end, tallies[static_cast<std::size_t>(i)]); });
    }
    if (!s.watch) std::this_thread::sleep_until(begin);
    auto const before = s.watch ? nothing_open : meter.read();
    std::this_thread::sleep_until(end);
    auto const after = meter.read();
    threads.clear();
    report(s, tallies, s.seconds, before, after);
    for (auto const& t : tallies) {
        if (t.failures != 0 || (t.micros.empty() && !s.watch)) return 1;
    }
    return 0;
}
