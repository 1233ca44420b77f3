// A deliberately simple TLS client: blocking sockets, OpenSSL's own socket BIO, every byte under the test's control.
#pragma once

#include "net/tls_context.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vsecm::test {

struct answer {
    unsigned status = 0;  // 0: the connection ended before a whole answer
    std::string head, body;
    bool has(std::string_view text) const { return head.contains(text); }
};

class blocking_client {
public:
    // Connects to 127.0.0.1:port. Reads give up after `patience`.
    blocking_client(std::uint16_t port, std::shared_ptr<net::tls_context const> context,
        std::chrono::milliseconds patience = std::chrono::seconds(20));
    ~blocking_client();
    blocking_client(blocking_client const&) = delete;

    bool handshake();
    bool send(std::string_view text);
    // One answer; bytes beyond it are kept for the next call.
    answer receive(bool head_only = false);
    answer get(std::string_view path) {
        send("GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n\r\n");
        return receive();
    }
    // Some decrypted bytes; empty at the end of the connection, whichever way it ended.
    std::string read_some();
    // True if the server ends the connection before `limit`.
    bool ended_within(std::chrono::milliseconds limit);
    std::string last_error() const { return error_; }  // OpenSSL's words for what failed last

    SSL* ssl() { return ssl_; }
    int fd() const { return fd_; }

private:
    std::shared_ptr<net::tls_context const> context_;
    SSL* ssl_ = nullptr;
    int fd_ = -1;
    std::string unread_, error_;
};

// A connected TCP socket with a receive timeout.
int connect_local(std::uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds(20));

}  // namespace vsecm::test
