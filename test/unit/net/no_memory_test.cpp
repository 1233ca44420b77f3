// What listeners do when there is no memory: a connection is lost, and no more.
#include "net/address.hpp"
#include "net/probes.hpp"
#include "support/loopback.hpp"
#include "unit/net/blocking_client.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

using namespace vsecm;

namespace {

// On threads that are poor, so many requests more are granted, and then none.
std::atomic<int> granted{1 << 30};
thread_local bool poor = false;

void* allocate(std::size_t len) {
    void* const memory = poor && granted.fetch_sub(1) <= 0 ? nullptr : std::malloc(len == 0 ? 1 : len);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

std::string ask(std::uint16_t port) {
    int const fd = test::connect_local(port);
    std::string_view const text = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";
    ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    auto got = test::receive_all(fd).text;
    ::close(fd);
    return got;
}

}  // namespace

void* operator new(std::size_t len) { return allocate(len); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("a probe for which there is no memory is dropped alone, wherever the memory ends") {
    net::runtime loops(1);
    net::probe_checks checks;
    checks.check = [] { return std::nullopt; };
    net::probe_server probes(loops, *net::listen_tcp(*net::parse_listen_address("127.0.0.1:0")), checks);
    probes.start();
    std::atomic<bool> ended = false;
    std::thread thread([&] {
        poor = true;
        loops.run();
        ended = true;
    });
    CHECK(ask(probes.port()).ends_with("OK"));
    int num_dropped = 0;
    for (bool enough = false; !enough && !ended;) {
        granted = num_dropped;
        enough = ask(probes.port()).ends_with("OK");
        granted = 1 << 30;
        if (enough || ended) break;
        ++num_dropped;
        CHECK(ask(probes.port()).ends_with("OK"));
    }
    CHECK(num_dropped > 1);
    CHECK_FALSE(ended);
    loops.stop();
    thread.join();
}
