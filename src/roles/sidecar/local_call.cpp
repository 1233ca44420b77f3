#include "roles/sidecar/local_call.hpp"

#include "base/log.hpp"
#include "base/try.hpp"

#include <algorithm>
#include <array>

namespace vsecm::roles::sidecar {
namespace {

using base::errc, base::fail;
namespace asio = net::asio;

constexpr std::string_view scheme = "http://";
constexpr std::size_t longest_target = 2'000;
constexpr int unanswered = -1;

bool is_loopback(std::string const& host) {
    net::error_code failed;
    auto const address = asio::ip::make_address(host, failed);
    return !failed && address.is_loopback();
}

// "HTTP/1.1 204 …" to 204; 0 if it is none.
int status_of(std::string_view answer) {
    if (!answer.starts_with("HTTP/1.") || answer.size() < 12 || answer[8] != ' ') return 0;
    auto const digits = answer.substr(9, 3);
    if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return 0;
    return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

// Status of the answer; `unanswered` if the connection ends before it. `is_sent` says afterwards whether all of the request went out.
net::awaitable<base::result<int>> ask(local_url const& to, bool& is_sent) {
    auto const loop = co_await asio::this_coro::executor;
    net::tcp_socket socket(loop);
    asio::ip::tcp::endpoint const where(asio::ip::make_address(to.where.host), to.where.port);
    auto [refused] = co_await socket.async_connect(where, net::as_result);
    if (refused) co_return fail(errc::unavailable, "{}: {}", to.where.print(), refused.message());
    auto const request = "POST " + to.target + " HTTP/1.1\r\nHost: " + to.where.print() + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (std::size_t sent = 0; sent < request.size();) {
        auto [failed, len] = co_await socket.async_write_some(asio::buffer(request.data() + sent, request.size() - sent), net::as_result);
        if (failed) co_return fail(errc::unavailable, "{}: {}", to.where.print(), failed.message());
        sent += len;
    }
    is_sent = true;
    std::string answer;
    std::array<char, 256> buffer;
    while (answer.size() < 12) {
        auto [failed, len] = co_await socket.async_read_some(asio::buffer(buffer), net::as_result);
        if (failed) break;
        answer.append(buffer.data(), len);
    }
    co_return answer.empty() ? unanswered : status_of(answer);
}

}  // namespace

base::result<local_url> parse_local_url(std::string_view url) {
    if (!url.starts_with(scheme)) return fail(errc::invalid, "it must begin with http://");
    auto const rest = url.substr(scheme.size());
    auto const slash = std::min(rest.find('/'), rest.size());
    std::string authority(rest.substr(0, slash));
    std::string target(rest.substr(slash));
    if (target.empty()) target = "/";
    if (target.size() > longest_target || !std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; }))
        return fail(errc::invalid, "its path has at most {} characters, none of them a blank or beyond ASCII", longest_target);
    bool const has_port = authority.rfind(':') != authority.npos && !authority.ends_with(']');
    if (!has_port) authority += ":80";
    auto where = net::parse_listen_address(authority);
    if (where && where->host == "localhost") where->host = "127.0.0.1";
    if (!where || !is_loopback(where->host) || where->port == 0)
        return fail(errc::invalid, "its host must be this one, with a port unless that is 80: 127.0.0.1:8080, [::1]:8080 or localhost");
    return local_url{std::move(*where), std::move(target)};
}

net::awaitable<base::status> post(local_url const& to, net::steady_clock::duration limit) {
    bool is_sent = false;
    auto work = ask(to, is_sent);
    auto status = co_await net::with_deadline(std::move(work), limit, "the call");
    if (!status) {
        if (status.error().code == errc::timeout && !is_sent) status.error().code = errc::unavailable;
        co_return std::unexpected(std::move(status).error());
    }
    if (*status >= 200 && *status < 300) co_return base::status{};
    if (*status == unanswered) {
        base::log::warn("call_unanswered", {{"what", to.where.print() + " took the call, and closed the connection without an answer"}});
        co_return base::status{};
    }
    if (*status == 0) co_return fail(errc::denied, "{} does not answer in HTTP", to.where.print());
    // Who has too much to do has done nothing. 503 does not say that: a proxy answers it for a neighbour that ended on the way.
    co_return fail(*status == 429 ? errc::unavailable : errc::denied, "{} answers {}", to.where.print(), *status);
}

}  // namespace vsecm::roles::sidecar
