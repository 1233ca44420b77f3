// Listen and connect addresses, as people write them.
#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace vsecm::net {

// ":8443" (every address, both families), "0.0.0.0:8443", "[::1]:0", "localhost:80". Port 0 lets the kernel choose.
struct listen_address {
    std::string host;  // empty: every address; else an IPv4 or IPv6 literal without brackets
    std::uint16_t port = 0;
    std::string print() const;
};
// errc::invalid with what is wrong. Names other than localhost are refused: a listener must not wait for DNS.
base::result<listen_address> parse_listen_address(std::string_view text);

// A listening, non-blocking TCP socket. An empty host binds [::] for both families, and 0.0.0.0 where there is no
// IPv6. errc::unavailable with address and reason ("port 8443 is already in use").
base::result<base::unique_fd> listen_tcp(listen_address const& address);
// The port a listening socket got.
std::uint16_t bound_port(int fd) noexcept;

// "https://host:port[/path]" or "host:port": for clients. The default port is 443.
struct endpoint {
    std::string host;  // a name or a literal without brackets
    std::uint16_t port = 443;
    std::string path;  // without trailing slash; usually empty
    std::string authority() const;  // for Host: "host:port", brackets where needed
};
base::result<endpoint> parse_https_endpoint(std::string_view url);

}  // namespace vsecm::net
