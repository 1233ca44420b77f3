#include "net/deadline.hpp"

namespace vsecm::net {

awaitable<base::status> sleep_until(steady_clock::time_point when) {
    timer alarm(co_await asio::this_coro::executor, when);
    auto [failed] = co_await alarm.async_wait(as_result);
    if (failed) co_return base::fail(base::errc::cancelled, "the sleep was cancelled");
    co_return base::status{};
}

awaitable<base::status> sleep_for(steady_clock::duration pause) { return sleep_until(steady_clock::now() + pause); }

}  // namespace vsecm::net
