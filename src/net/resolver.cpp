#include "net/resolver.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

namespace vsecm::net {
namespace {

using base::errc;
using base::fail;
using tcp = asio::ip::tcp;
using addresses = base::result<std::vector<tcp::endpoint>>;

// Retries while DNS is silent must not pile up threads.
constexpr int max_unanswered = 8;
std::atomic<int> unanswered{0};

// Shared by the coroutine and the thread; whoever is last frees it.
struct lookup {
    endpoint server;
    base::unique_fd done;  // closed when `found` is there
    std::atomic<bool> answered{false};
    addresses found = fail(errc::internal, "not looked up");
};

addresses ask_system(endpoint const& server) {
    ::addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    ::addrinfo* list = nullptr;
    if (int const failed = ::getaddrinfo(server.host.c_str(), nullptr, &hints, &list); failed != 0) {
        return fail(errc::unavailable, "cannot find {}: {}", server.host, ::gai_strerror(failed));
    }
    std::vector<tcp::endpoint> found;
    for (auto const* each = list; each != nullptr; each = each->ai_next) {
        if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
        tcp::endpoint address;
        std::memcpy(address.data(), each->ai_addr, each->ai_addrlen);
        address.resize(each->ai_addrlen);
        address.port(server.port);
        found.push_back(address);
    }
    ::freeaddrinfo(list);
    if (found.empty()) return fail(errc::unavailable, "{} has no address", server.host);
    return found;
}

}  // namespace

awaitable<base::result<std::vector<tcp::endpoint>>> resolve(endpoint server) {
    error_code not_literal;
    if (auto const literal = asio::ip::make_address(server.host, not_literal); !not_literal) {
        co_return std::vector<tcp::endpoint>{tcp::endpoint(literal, server.port)};
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) co_return fail(errc::unavailable, "cannot look up {}: {}", server.host, std::strerror(errno));
    asio::posix::basic_stream_descriptor<executor> answer(co_await asio::this_coro::executor, ends[0]);
    auto const shared = std::make_shared<lookup>();
    shared->server = std::move(server);
    shared->done = base::unique_fd(ends[1]);
    if (unanswered.fetch_add(1) >= max_unanswered) {
        --unanswered;
        co_return fail(errc::unavailable, "cannot find {}: earlier lookups have not been answered", shared->server.host);
    }
    try {
        std::thread([shared] {
            shared->found = ask_system(shared->server);
            shared->answered = true;
            shared->done.reset();
            --unanswered;
        }).detach();
    } catch (std::system_error const& thrown) {
        --unanswered;
        co_return fail(errc::unavailable, "cannot look up {}: {}", shared->server.host, thrown.what());
    }
    co_await answer.async_wait(asio::posix::descriptor_base::wait_read, as_result);
    if (!shared->answered) co_return fail(errc::cancelled, "the lookup was cancelled");
    co_return std::move(shared->found);
}

}  // namespace vsecm::net
