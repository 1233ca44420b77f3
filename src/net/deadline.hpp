// Deadlines for coroutines, and sleeping.
#pragma once

#include "base/result.hpp"
#include "net/asio.hpp"

#include <boost/asio/cancel_after.hpp>

#include <chrono>
#include <exception>
#include <optional>

namespace vsecm::net {

using steady_clock = std::chrono::steady_clock;

// Asio needs a default-constructible value to hand over an exception; a result of just any type is not.
template <class T>
awaitable<std::optional<base::result<T>>> boxed(awaitable<base::result<T>> operation) {
    co_return co_await std::move(operation);
}

// Runs `operation`; when `limit` passes first it is cancelled and the result is errc::timeout ("LABEL took longer than
// 5s"). A cancellation from outside stays errc::cancelled. `operation` owns its arguments or borrows from the caller,
// who waits for it here. What the operation holds (sockets) is closed by its own unwinding, not by us.
template <class T>
awaitable<base::result<T>> with_deadline(awaitable<base::result<T>> operation, steady_clock::duration limit,
    std::string_view label) {
    auto const ends = steady_clock::now() + limit;
    auto const loop = co_await asio::this_coro::executor;
    base::result<T> outcome = base::fail(base::errc::cancelled, "{} was cancelled", label);
    auto [failure, value] = co_await asio::co_spawn(loop, boxed(std::move(operation)),
        asio::cancel_after(limit, asio::as_tuple(asio::use_awaitable_t<executor>{})));
    bool cancelled = false;
    if (failure) {
        // Asio ends a cancelled coroutine by throwing operation_aborted from its next await.
        try {
            std::rethrow_exception(failure);
        } catch (boost::system::system_error const& thrown) {
            if (thrown.code() != asio::error::operation_aborted) throw;
            cancelled = true;
        }
    } else {
        outcome = *std::move(value);
        cancelled = !outcome && outcome.error().code == base::errc::cancelled;
    }
    if (cancelled && steady_clock::now() >= ends) {
        // A count: std::format of durations would be 40 kB of the binary.
        outcome = base::fail(base::errc::timeout, "{} took longer than {}ms", label,
            std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
    }
    co_return outcome;
}

// errc::cancelled if the wait was cancelled.
awaitable<base::status> sleep_for(steady_clock::duration pause);
awaitable<base::status> sleep_until(steady_clock::time_point when);

}  // namespace vsecm::net
