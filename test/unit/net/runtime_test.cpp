#include "net/runtime.hpp"

#include "net/own_thread.hpp"
#include "net/wake_signal.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

using namespace vsecm;
using namespace vsecm::net;
using namespace std::chrono_literals;

namespace {

awaitable<void> fails_later() {
    co_await asio::post(co_await asio::this_coro::executor, as_result);
    throw std::runtime_error("as asked");
}
awaitable<base::status> refuses() { co_return base::fail(base::errc::no_identity, "none"); }
awaitable<base::result<int>> forever() {
    timer never(co_await asio::this_coro::executor, steady_clock::time_point::max());
    auto [failed] = co_await never.async_wait(as_result);
    if (failed) co_return base::fail(base::errc::cancelled, "cancelled");
    co_return 1;
}
// Says when it has begun, and when it is destroyed in the middle.
awaitable<void> waits_for_ever(runtime& loops, std::atomic<int>& num_waiting, std::atomic<int>& num_left) {
    struct farewell {
        std::atomic<int>& num;
        ~farewell() { --num; }
    } const last_words{num_left};
    asio::post(loops.loop(), [&] { if (--num_waiting == 0) loops.stop(); });
    (void)co_await forever();
}
awaitable<base::result<int>> at_once() { co_return 42; }
awaitable<void> check_deadlines(runtime& loops) {
    auto const begun = steady_clock::now();
    auto const late = co_await with_deadline(forever(), 50ms, "waiting");
    CHECK(late.error().code == base::errc::timeout);
    CHECK(late.error().what == "waiting took longer than 50ms");
    CHECK(steady_clock::now() - begun >= 50ms);
    auto const soon = co_await with_deadline(at_once(), 50ms, "nothing");
    CHECK(*soon == 42);
    auto const inner = co_await with_deadline(with_deadline(forever(), 20ms, "inner"), 5s, "outer");
    CHECK(inner.error().what.starts_with("inner"));

    wake_signal bell;
    bell.notify();
    bool const rung_before = co_await wait_for(bell, steady_clock::now() + 5s);
    CHECK(rung_before);
    bool const silent = co_await wait_for(bell, steady_clock::now() + 10ms);
    CHECK_FALSE(silent);
    asio::post(loops.loop(), [&bell] { bell.notify(); });
    bool const rung = co_await wait_for(bell, steady_clock::now() + 5s);
    CHECK(rung);
    loops.stop(3);
}

}  // namespace

TEST_CASE("deadlines and bells") {
    runtime loops(1);
    loops.spawn(0, "test", check_deadlines(loops));
    CHECK(loops.run() == 3);
}

TEST_CASE("what is suspended when the loops stop is gone when run() returns, while what it uses is there") {
    runtime loops(2);
    std::atomic<int> num_waiting{2}, num_left{2};
    for (std::size_t i = 0; i < 2; ++i) loops.spawn(i, "waits", waits_for_ever(loops, num_waiting, num_left));
    CHECK(loops.run() == 0);
    CHECK(num_left == 0);
}

TEST_CASE("the threads of the loops are told apart by their names, and the process keeps its own") {
    runtime loops(3);
    char before[16] = {}, names[3][16] = {};
    ::pthread_getname_np(::pthread_self(), before, sizeof before);
    std::atomic<int> left{3};
    for (std::size_t i = 0; i < 3; ++i) {
        asio::post(loops.loop(i), [&, i] {
            ::pthread_getname_np(::pthread_self(), names[i], sizeof names[i]);
            if (--left == 0) loops.stop();
        });
    }
    CHECK(loops.run() == 0);
    CHECK(std::string_view(names[0]) == before);
    CHECK(std::string_view(names[1]) == "loop 1");
    CHECK(std::string_view(names[2]) == "loop 2");
}

TEST_CASE("a task that fails stops the process with a status") {
    {
        runtime loops(2);
        loops.spawn(1, "thrower", fails_later());
        CHECK(loops.run() == 1);
    }
    runtime loops(2);
    loops.spawn_or_stop(1, "refuser", refuses(), 4);
    CHECK(loops.run() == 4);
}

TEST_CASE("stopping: everything stops taking in before anything is awaited, in order, within the grace") {
    runtime loops(2);
    std::string order;
    loops.on_stop("a", [&] { order += "a"; },
        [&](steady_clock::time_point) -> awaitable<void> {
            order += "A";
            co_return;
        });
    loops.on_stop("stuck", [&] { order += "b"; },
        [](steady_clock::time_point) -> awaitable<void> { (void)co_await forever(); });
    loops.on_stop("c", [&] { order += "c"; },
        [&](steady_clock::time_point) -> awaitable<void> {
            order += "C";
            co_return;
        });
    loops.set_grace(100ms);
    loops.stop(5);
    loops.stop(6);  // changes nothing
    auto const begun = steady_clock::now();
    CHECK(loops.run() == 5);
    CHECK(order == "abcAC");
    CHECK(steady_clock::now() - begun < 10s);
}

namespace {
awaitable<base::result<int>> blocks(runtime& loops, std::chrono::milliseconds how_long) {
    auto work = [how_long] {
        std::this_thread::sleep_for(how_long);
        return 7;
    };
    co_return co_await on_own_thread(loops.loop(), work);
}
awaitable<void> count_turns(int& turns) {
    while (co_await sleep_for(5ms)) ++turns;
}
awaitable<void> check_own_thread(runtime& loops, int& turns) {
    auto const before = turns;
    auto const done = co_await with_deadline(blocks(loops, 300ms), 50ms, "work");
    CHECK(*done == 7);
    CHECK(turns > before + 5);
    bool thrown = false;
    try {
        auto work = []() -> int { throw std::runtime_error("as asked"); };
        co_await on_own_thread(loops.loop(), work);
    } catch (std::runtime_error const&) {
        thrown = true;
    }
    CHECK(thrown);
    loops.stop(3);
}
}  // namespace

TEST_CASE("blocking work has a thread of its own, and cannot be taken back") {
    runtime loops(1);
    int turns = 0;
    loops.spawn(0, "turns", count_turns(turns));
    loops.spawn(0, "test", check_own_thread(loops, turns));
    CHECK(loops.run() == 3);
}

namespace {
// No thread can be made while it lives: none has room for such a stack.
struct no_threads {
    no_threads() {
        ::pthread_getattr_default_np(&usual);
        auto huge = usual;
        REQUIRE(::pthread_attr_setstacksize(&huge, std::size_t{1} << 47) == 0);
        REQUIRE(::pthread_setattr_default_np(&huge) == 0);
    }
    ~no_threads() { ::pthread_setattr_default_np(&usual); }
    ::pthread_attr_t usual;
};
awaitable<void> check_no_thread(runtime& loops) {
    bool const cancellable = co_await asio::this_coro::throw_if_cancelled();
    bool thrown = false;
    {
        no_threads const now;
        try {
            auto work = [] { return 7; };
            co_await on_own_thread(loops.loop(), work);
        } catch (std::system_error const&) {
            thrown = true;
        }
    }
    CHECK(thrown);
    CHECK(cancellable);
    CHECK(co_await asio::this_coro::throw_if_cancelled() == cancellable);
    loops.stop(3);
}
}  // namespace

TEST_CASE("where there is no thread for it, blocking work throws, and what waits can be cancelled as before") {
    runtime loops(1);
    loops.spawn(0, "test", check_no_thread(loops));
    CHECK(loops.run() == 3);
}

TEST_CASE("a step of the stop that blocks beyond the grace leaves the loop to a second signal") {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    ::pid_t const child = ::fork();
    if (child == 0) {
        runtime loops(1);
        loops.set_grace(50ms);
        loops.on_stop("disk", {}, [&](steady_clock::time_point) -> awaitable<void> {
            (void)co_await blocks(loops, 60s);
        });
        timer later(loops.loop());
        loops.on_stop("later", [&] {
            later.expires_after(1s);  // long after the grace
            later.async_wait([&](error_code failed) { if (!failed) (void)!::write(ready[1], "l", 1); });
        });
        asio::post(loops.loop(), [&] { (void)!::write(ready[1], "r", 1); });
        ::_exit(loops.run());
    }
    char byte;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::kill(child, SIGTERM);
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    auto const begun = std::chrono::steady_clock::now();
    ::kill(child, SIGTERM);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_CASE("SIGTERM stops in order, a second signal at once") {
    for (bool const twice : {false, true}) {
        int ready[2];
        REQUIRE(::pipe(ready) == 0);
        ::pid_t const child = ::fork();
        if (child == 0) {
            runtime loops(2);
            loops.on_stop("slow", [&] { (void)!::write(ready[1], "s", 1); },
                [&](steady_clock::time_point) -> awaitable<void> {
                    if (twice) (void)co_await forever();
                });
            asio::post(loops.loop(), [&] { (void)!::write(ready[1], "r", 1); });
            ::_exit(loops.run());
        }
        char byte;
        REQUIRE(::read(ready[0], &byte, 1) == 1);
        ::kill(child, SIGTERM);
        REQUIRE(::read(ready[0], &byte, 1) == 1);
        if (twice) ::kill(child, SIGINT);
        int status = 0;
        ::waitpid(child, &status, 0);
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == (twice ? 128 + SIGINT : 0));
        ::close(ready[0]);
        ::close(ready[1]);
    }
}
