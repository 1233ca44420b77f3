// What the store does when there is no memory: before anything is written, and after.
#include "store/work_pool.hpp"
#include "unit/store/fixture.hpp"

#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <new>

using namespace vsecm;
using namespace vsecm::store;
using namespace vsecm::store::testing;

namespace {

// Requests for so much fail, on every thread but those that are spared.
std::atomic<std::size_t> fails_from{SIZE_MAX};
thread_local bool spared = false;

}  // namespace

void vsecm::store::testing::fail_allocations_from(std::size_t len) { fails_from = len; }

void* operator new(std::size_t len) {
    if (len >= fails_from && !spared) throw std::bad_alloc();
    if (void* const memory = std::malloc(len)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t len, std::nothrow_t const&) noexcept { return std::malloc(len); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("a write for which there is no memory fails alone") {
    spared = true;
    temporary_folder folder;
    auto const store = open_folder(folder.path);
    REQUIRE(store->commit_and_wait(request(put("a", "one"))));
    std::string const large(900'000, 'x');
    fails_from = 500'000;
    auto const failed = store->commit_and_wait(request(put("b", "small"), put("a", large)));
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == base::errc::limited);
    CHECK(store->commit_and_wait(request(put("c", "three"))));
    fails_from = SIZE_MAX;
    CHECK(shown(*store, "a") == "[one]");
    CHECK(shown(*store, "b") == "absent");
    CHECK(shown(*store, "c") == "[three]");
    CHECK_FALSE(store->health().unsettled);
    CHECK(store->commit_and_wait(request(put("a", large))));
    CHECK(shown(*store, "a") == "[" + large + "]");
    spared = false;
}

TEST_CASE("no memory in the middle of a batch ends the process, with a word") {
    class exhausted final : public memory_backend {
        void apply(std::span<write_group>, bool) override { throw std::bad_alloc(); }
    };
    auto const cipher = test_cipher();
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    ::pid_t const child = ::fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not Catch2's business
        ::dup2(ends[1], STDERR_FILENO);
        auto const store = secret_store::open(std::make_unique<exhausted>(), cipher, {}, base::system_clock()).value();
        auto const answer = store->commit_and_wait(request(put("a", "one")));
        ::_exit(answer ? 0 : 1);  // neither answer would be true
    }
    ::close(ends[1]);
    std::string said;
    char buffer[1024];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) said.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
    CHECK(said.contains("event=store_writer_failed"));
}

TEST_CASE("what the pool's work throws is thrown to whoever asked, and the pool goes on") {
    work_pool pool(4);
    std::atomic<int> num_done{0};
    for (std::size_t const count : {1UZ, 20UZ}) {
        auto const throws = [&](std::size_t item) {
            ++num_done;
            if (item % 3 == 0) throw std::bad_alloc();
        };
        CHECK_THROWS_AS(pool.run(count, throws), std::bad_alloc);
    }
    CHECK(num_done == 21);
    pool.run(20, [&](std::size_t) { ++num_done; });
    CHECK(num_done == 41);
}
