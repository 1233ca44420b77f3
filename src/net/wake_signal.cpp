#include "net/wake_signal.hpp"

namespace vsecm::net {

awaitable<bool> wait_for(wake_signal& signal, std::chrono::steady_clock::time_point deadline) {
    if (signal.take()) co_return true;
    timer alarm(co_await asio::this_coro::executor, deadline);
    signal.listen([&alarm] { alarm.cancel(); });
    co_await alarm.async_wait(as_result);
    signal.stop_listening();
    co_return signal.take();
}

}  // namespace vsecm::net
