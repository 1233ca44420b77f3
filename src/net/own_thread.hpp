// Blocking work beside a loop.
#pragma once

#include "net/asio.hpp"

#include <exception>
#include <optional>
#include <thread>

namespace vsecm::net {

// Runs `work` on a thread of its own and resumes on `loop`, the caller's, with what it returned or threw, or with why there
// was no thread; the loop goes on meanwhile. Work cannot be taken back: a cancellation, a deadline's too, is felt only when it has ended.
template <class Work>
auto on_own_thread(executor loop, Work work) -> awaitable<decltype(work())> {
    std::optional<decltype(work())> outcome;
    std::exception_ptr failure;
    bool finished = false;  // set on the loop, after the thread's last touch of the others
    timer done(loop, std::chrono::steady_clock::time_point::max());
    bool const cancellable = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    std::jthread worker;
    try {
        worker = std::jthread([&] {
            try {
                outcome.emplace(work());
            } catch (...) {
                failure = std::current_exception();
            }
            asio::post(loop, [&] {
                finished = true;
                done.cancel();
            });
        });
    } catch (...) {  // no thread for it
        failure = std::current_exception();
        finished = true;
    }
    while (!finished) co_await done.async_wait(as_result);
    co_await asio::this_coro::throw_if_cancelled(cancellable);
    if (failure) std::rethrow_exception(failure);
    co_return *std::move(outcome);
}

}  // namespace vsecm::net
