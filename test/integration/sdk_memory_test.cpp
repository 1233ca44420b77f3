// include/vsecm in a program's hands, when memory has run out on a thread of the library: the program goes on.
#include <vsecm/vsecm.h>

#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

thread_local bool no_memory = false;

void* allocate(std::size_t size) {
    if (void* const memory = no_memory ? nullptr : std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

struct heard {
    std::atomic<int> num{0}, last{VSECM_OK};
};

// From its first call on nothing can be allocated on the watch's thread.
void deafen(void* user, int status, vsecm_secret const*, char const*) {
    auto& here = *static_cast<heard*>(user);
    no_memory = true;
    here.last = status;
    ++here.num;
}

}  // namespace

TEST_CASE("sdk: a watch's thread without memory does not end the program") {
    vsecm::test::temp_folder folder;
    auto const socket = "SPIFFE_ENDPOINT_SOCKET=unix://" + (folder / "nobody.sock");
    char const* const settings[] = {socket.c_str(), "VSECM_SAFE_SOURCE_ACQUISITION_TIMEOUT=100", nullptr};
    vsecm_client *client = nullptr, *other = nullptr;
    REQUIRE(vsecm_open(settings, &client) == VSECM_OK);
    REQUIRE(vsecm_open(settings, &other) == VSECM_OK);
    heard ear;
    vsecm_watch* watch = nullptr;
    REQUIRE(vsecm_watch_call(client, deafen, &ear, &watch) == VSECM_OK);
    REQUIRE(vsecm::test::eventually(std::chrono::seconds{20}, [&] { return ear.num == 1; }));
    CHECK(ear.last == VSECM_NO_IDENTITY);
    vsecm_close(client);  // the thread is to say that it was closed, and has no memory for the words
    CHECK(ear.num == 1);
    vsecm_watch_free(watch);
    vsecm_secret* secret = nullptr;
    CHECK(vsecm_fetch(other, 200, &secret) == VSECM_NO_IDENTITY);
    vsecm_close(other);
}
