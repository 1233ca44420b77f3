// A bell between one notifier and one waiter on the same loop. Store's watch hub rings it, a held request waits on it.
#pragma once

#include "net/asio.hpp"

#include <chrono>
#include <functional>
#include <utility>

namespace vsecm::net {

// Not thread-safe: notify() is called on the waiter's own loop (post it there from elsewhere). A ring is kept until
// somebody takes it, so "register first, look second" misses nothing. Must outlive whoever waits on it.
class wake_signal {
public:
    wake_signal() = default;
    wake_signal(wake_signal const&) = delete;
    wake_signal& operator=(wake_signal const&) = delete;

    void notify() {
        rung_ = true;
        if (auto call = std::exchange(on_ring_, nullptr)) call();
    }
    // True once per ring.
    bool take() noexcept { return std::exchange(rung_, false); }

    // For the one who waits: `call` runs once, inside the next notify(). An earlier listener is replaced.
    void listen(std::move_only_function<void()> call) { on_ring_ = std::move(call); }
    void stop_listening() noexcept { on_ring_ = nullptr; }

private:
    bool rung_ = false;
    std::move_only_function<void()> on_ring_;
};

// True if it rang, false if `deadline` came first (or the wait was cancelled). One waiter at a time.
awaitable<bool> wait_for(wake_signal& signal, std::chrono::steady_clock::time_point deadline);

}  // namespace vsecm::net
