#include "net/runtime.hpp"

#include "base/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

namespace vsecm::net {
namespace {

std::string text_of(std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (std::exception const& thrown) {
        return thrown.what();
    } catch (...) {
        return "unknown exception";
    }
}

}  // namespace

struct runtime::state {
    std::atomic<bool> stopping{false};
    std::atomic<int> exit_status{0};
    std::optional<asio::basic_signal_set<executor>> signals;
    std::vector<asio::executor_work_guard<executor>> guards;
    bool running = false;
};

runtime::runtime(std::size_t num_loops) : state_(std::make_unique<state>()) {
    for (std::size_t i = 0; i < std::max<std::size_t>(num_loops, 1); ++i) {
        loops_.push_back(std::make_unique<event_loop>());
        state_->guards.emplace_back(loops_.back()->get_executor());
    }
}

runtime::~runtime() { drop_work(); }

void runtime::drop_work() {
    state_->signals.reset();
    state_->guards.clear();
    for (auto& each : loops_) each->drop_work();
}

void runtime::spawn(std::size_t loop_index, std::string label, awaitable<void> work) {
    asio::co_spawn(loop(loop_index), std::move(work), [this, label = std::move(label)](std::exception_ptr failure) {
        if (!failure) return;
        base::log::error("task_failed", {{"task", label}, {"reason", text_of(failure)}});
        stop(1);
    });
}

void runtime::spawn_or_stop(std::size_t loop_index, std::string label, awaitable<base::status> work, int exit_status) {
    asio::co_spawn(loop(loop_index), std::move(work),
        [this, exit_status, label = std::move(label)](std::exception_ptr failure, base::status outcome) {
            if (!failure && outcome) return;
            base::log::error("task_failed", {{"task", label}, {"reason", failure ? text_of(failure) : outcome.error().what}});
            stop(failure ? 1 : exit_status);
        });
}

void runtime::on_stop(std::string label, std::function<void()> stop_taking_in, finish_step finish) {
    steps_.push_back({std::move(label), std::move(stop_taking_in), std::move(finish)});
}

bool runtime::stopping() const noexcept { return state_->stopping.load(); }

void runtime::stop(int exit_status) {
    if (state_->stopping.exchange(true)) return;
    state_->exit_status = exit_status;
    asio::co_spawn(loop(0), stop_in_order(), [this](std::exception_ptr failure) {
        if (failure) base::log::error("stop_failed", {{"reason", text_of(failure)}});
        for (auto& each : loops_) each->stop();
    });
}

namespace {
// What a step awaits cannot be trusted to look at its deadline, so it is cut there. A result<bool> only because
// with_deadline wants one.
awaitable<base::result<bool>> as_operation(awaitable<void> work) {
    co_await std::move(work);
    co_return true;
}
}  // namespace

awaitable<void> runtime::stop_in_order() {
    base::log::info("stopping");
    for (auto& each : steps_) {
        if (each.stop_taking_in) each.stop_taking_in();
    }
    auto const deadline = steady_clock::now() + grace_;
    for (auto& each : steps_) {
        if (!each.finish) continue;
        // A little beyond the deadline: the step's own giving-up comes first.
        auto const left = std::max<steady_clock::duration>(deadline - steady_clock::now(), std::chrono::seconds(0)) +
                          std::chrono::milliseconds(500);
        auto work = as_operation(each.finish(deadline));
        auto const done = co_await with_deadline(std::move(work), left, each.label);
        if (!done) base::log::warn("stop_incomplete", {{"step", each.label}, {"reason", done.error().what}});
    }
}

awaitable<void> runtime::watch_signals() {
    auto [failed, signal] = co_await state_->signals->async_wait(as_result);
    if (failed) co_return;
    base::log::info("signal", {{"number", signal}});
    stop(0);
    auto [failed_again, second] = co_await state_->signals->async_wait(as_result);
    if (failed_again) co_return;
    base::log::warn("second_signal", {{"number", second}});
    ::_exit(128 + second);
}

int runtime::run() {
    std::signal(SIGPIPE, SIG_IGN);
    state_->signals.emplace(loop(0), SIGTERM, SIGINT);
    spawn(0, "signals", watch_signals());
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 1; i < loops_.size(); ++i) {
            threads.emplace_back([loop = loops_[i].get(), name = std::format("loop {}", i)] {
                ::pthread_setname_np(::pthread_self(), name.c_str());  // for `top -H`
                loop->run();
            });
        }
        loops_[0]->run();
        for (auto& each : loops_) each->stop();
    }
    drop_work();
    return state_->exit_status;
}

}  // namespace vsecm::net
