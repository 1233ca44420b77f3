#include "net/address.hpp"

#include "base/try.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace vsecm::net {
namespace {

using base::errc;
using base::fail;

base::result<std::uint16_t> parse_port(std::string_view text) {
    unsigned value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > 65535) {
        return fail(errc::invalid, "`{}` is not a port number", text);
    }
    return static_cast<std::uint16_t>(value);
}

struct host_and_port {
    std::string_view host, port;
    bool has_port;
};

// Splits "[v6]:port", "host:port", "host". Brackets are taken off.
base::result<host_and_port> split(std::string_view text) {
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        if (close == text.npos) return fail(errc::invalid, "`{}`: the bracket is not closed", text);
        auto const rest = text.substr(close + 1);
        if (!rest.empty() && !rest.starts_with(':')) return fail(errc::invalid, "`{}`: `:port` expected after `]`", text);
        return host_and_port{text.substr(1, close - 1), rest.empty() ? rest : rest.substr(1), !rest.empty()};
    }
    auto const colon = text.find(':');
    if (colon == text.npos) return host_and_port{text, {}, false};
    if (text.find(':', colon + 1) != text.npos) {
        return fail(errc::invalid, "`{}`: an IPv6 address needs brackets, as in [::1]:8443", text);
    }
    return host_and_port{text.substr(0, colon), text.substr(colon + 1), true};
}

bool is_v4(std::string const& host) {
    in_addr address;
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}
bool is_v6(std::string const& host) {
    in6_addr address;
    return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::string bracketed(std::string const& host) { return host.contains(':') ? "[" + host + "]" : host; }

base::result<base::unique_fd> listen_on(int family, std::string const& host, std::uint16_t port) {
    base::unique_fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(errc::unavailable, "no socket: {}", std::strerror(errno));
    int const yes = 1, no = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    int bound;
    if (family == AF_INET6) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        if (!host.empty()) ::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr);
        bound = ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    } else {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        if (!host.empty()) ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
        bound = ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    if (bound != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
        return fail(errno == EADDRINUSE ? errc::conflict : errc::unavailable, "{}:{}: {}", bracketed(host), port,
            errno == EADDRINUSE ? "the port is already in use" : std::strerror(errno));
    }
    return fd;
}

}  // namespace

std::string listen_address::print() const { return std::format("{}:{}", bracketed(host), port); }

base::result<listen_address> parse_listen_address(std::string_view text) {
    VSECM_TRY(parts, split(text));
    if (!parts.has_port) return fail(errc::invalid, "`{}` has no port; write it as :8443", text);
    VSECM_TRY(port, parse_port(parts.port));
    std::string host(parts.host);
    if (host == "localhost") host = "127.0.0.1";
    if (!host.empty() && !is_v4(host) && !is_v6(host)) {
        return fail(errc::invalid, "`{}` is not an IP address; leave it out to listen everywhere", parts.host);
    }
    return listen_address{std::move(host), port};
}

base::result<base::unique_fd> listen_tcp(listen_address const& address) {
    if (!address.host.empty()) return listen_on(is_v6(address.host) ? AF_INET6 : AF_INET, address.host, address.port);
    auto both = listen_on(AF_INET6, {}, address.port);
    // A port in use is final: binding 0.0.0.0 beside somebody's [::] would split the traffic.
    if (both || both.error().code == errc::conflict) return both;
    return listen_on(AF_INET, {}, address.port);
}

std::uint16_t bound_port(int fd) noexcept {
    sockaddr_storage address{};
    socklen_t len = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &len) != 0) return 0;
    if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
    return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

std::string endpoint::authority() const { return std::format("{}:{}", bracketed(host), port); }

base::result<endpoint> parse_https_endpoint(std::string_view url) {
    auto rest = url;
    if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
    } else if (rest.contains("://")) {
        return fail(errc::invalid, "`{}`: only https:// is spoken here", url);
    }
    endpoint parsed;
    if (auto const slash = rest.find('/'); slash != rest.npos) {
        parsed.path = rest.substr(slash);
        rest = rest.substr(0, slash);
        while (parsed.path.ends_with('/')) parsed.path.pop_back();
    }
    VSECM_TRY(parts, split(rest));
    parsed.host = parts.host;
    // No user information, no blanks, nothing that could break out of a header line.
    for (char const c : parsed.host + parsed.path) {
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '@' || c == '?' || c == '#') {
            return fail(errc::invalid, "`{}` is not an address like https://safe.example:8443", url);
        }
    }
    if (parsed.host.empty()) return fail(errc::invalid, "`{}` names no host", url);
    if (parts.has_port) {
        VSECM_TRY(port, parse_port(parts.port));
        if (port == 0) return fail(errc::invalid, "`{}`: port 0 cannot be reached", url);
        parsed.port = port;
    }
    return parsed;
}

}  // namespace vsecm::net
