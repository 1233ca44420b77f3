// Runs coroutines on one event loop from a test case, with a deadline instead of patience.
#pragma once

#include "net/asio.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace vsecm::test {

struct run_loop {
    net::asio::io_context context{1};
    net::executor executor() { return context.get_executor(); }

    // Runs until `work` has ended, and gives its value. Fails the test case after `limit`.
    template <class T>
    T run(net::awaitable<T> work, std::chrono::seconds limit = std::chrono::seconds{20}) {
        std::optional<T> value;
        std::exception_ptr failure;
        bool ended = false;
        net::asio::co_spawn(context, boxed<T>(std::move(work)),
                            [&](std::exception_ptr thrown, std::optional<T> got) {
                                failure = thrown;
                                value = std::move(got);
                                ended = true;
                            });
        until([&] { return ended; }, limit);
        if (failure) std::rethrow_exception(failure);
        return *std::move(value);
    }

    // Runs until `done` holds, looking after each event.
    void until(std::function<bool()> const& done, std::chrono::seconds limit = std::chrono::seconds{20}) {
        auto const deadline = std::chrono::steady_clock::now() + limit;
        context.restart();
        while (!done()) {
            if (context.run_one_until(deadline) == 0) {
                if (std::chrono::steady_clock::now() >= deadline) FAIL("nothing happened in time");
                if (context.stopped()) FAIL("the loop ran out of work");
            }
        }
    }

    // The same for conditions that change outside of the loop (another process): looks every few milliseconds too.
    void until_seen(std::function<bool()> const& done, std::chrono::seconds limit = std::chrono::seconds{20}) {
        auto const deadline = std::chrono::steady_clock::now() + limit;
        while (!done()) {
            context.restart();
            context.run_for(std::chrono::milliseconds{5});
            if (std::chrono::steady_clock::now() >= deadline) FAIL("nothing happened in time");
        }
    }

private:
    template <class T>
    static net::awaitable<std::optional<T>> boxed(net::awaitable<T> work) {
        co_return co_await std::move(work);
    }
};

inline std::chrono::steady_clock::time_point in(std::chrono::milliseconds from_now) {
    return std::chrono::steady_clock::now() + from_now;
}

}  // namespace vsecm::test
