// Internal to the room: waiting for an answer that another thread gives.
#pragma once

#include "base/result.hpp"
#include "net/asio.hpp"

#include <functional>
#include <future>

namespace vsecm::store {

template <class Answer>
using asked = std::move_only_function<void(std::move_only_function<void(base::result<Answer>)> done)>;

// Asks, and goes on with the answer on the caller's loop, whichever thread gave it.
template <class Answer>
net::awaitable<base::result<Answer>> resumed_here(asked<Answer> ask) {
    auto const loop = co_await net::asio::this_coro::executor;
    auto const start = [loop](auto handler, asked<Answer> begin) {
        begin([work = net::asio::make_work_guard(loop), handler = std::move(handler)](base::result<Answer> answer) mutable {
            net::asio::post(work.get_executor(), [handler = std::move(handler), answer = std::move(answer)]() mutable {
                std::move(handler)(std::move(answer));
            });
        });
    };
    co_return co_await net::asio::async_initiate<net::asio::use_awaitable_t<net::executor> const, void(base::result<Answer>)>(
        start, net::asio::use_awaitable_t<net::executor>{}, std::move(ask));
}

// Asks, and blocks until the answer is there.
template <class Answer>
base::result<Answer> waited_for(asked<Answer> ask) {
    std::promise<base::result<Answer>> promise;
    ask([&promise](base::result<Answer> answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
}

}  // namespace vsecm::store
