// The event loops of a process, its signals, and its ordered stop.
#pragma once

#include "base/result.hpp"
#include "net/asio.hpp"
#include "net/deadline.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vsecm::net {

// N loops, one thread each; loop 0 runs on the thread that calls run(), the system knows the others as "loop 1" and so
// on. Whatever lives on a loop (servers, clients, sessions) is only touched there. Make it before, destroy it after,
// everything that uses its loops; what coroutines use has to live until run() returns.
class runtime {
public:
    explicit runtime(std::size_t num_loops = 1);
    ~runtime();
    runtime(runtime const&) = delete;
    runtime& operator=(runtime const&) = delete;

    std::size_t num_loops() const noexcept { return loops_.size(); }
    executor loop(std::size_t index = 0) noexcept { return loops_[index]->get_executor(); }

    // Starts a coroutine. If it ends by an exception that is logged with `label` and the process is stopped with
    // status 1. Thread-safe. The coroutine owns its arguments.
    void spawn(std::size_t loop_index, std::string label, awaitable<void> work);
    // The same for work that must not fail: an error is logged and stops the process with `exit_status`.
    void spawn_or_stop(std::size_t loop_index, std::string label, awaitable<base::status> work, int exit_status = 1);

    // Stopping takes two passes, both on loop 0, in the order of registration: first every `stop_taking_in`, then every
    // `finish` is awaited with what is left of the grace period (it should give up by then; it is abandoned after).
    // Either may be empty. Register before run() or on loop 0.
    using finish_step = std::function<awaitable<void>(steady_clock::time_point deadline)>;
    void on_stop(std::string label, std::function<void()> stop_taking_in, finish_step finish = nullptr);
    void set_grace(steady_clock::duration grace) noexcept { grace_ = grace; }  // default 20 s

    // Begins the ordered stop; run() then returns `exit_status`. Later calls change nothing. Thread-safe.
    void stop(int exit_status = 0);
    bool stopping() const noexcept;

    // Runs until stopped, once. SIGTERM and SIGINT begin the ordered stop with status 0; a second one ends the process at
    // once (128 + signal). Coroutines that have not ended by then are destroyed before it returns.
    int run();

private:
    struct step {
        std::string label;
        std::function<void()> stop_taking_in;
        finish_step finish;
    };
    struct state;
    // Lets every loop drop its work before the first is freed: what hangs on one loop may hold sockets of another.
    struct event_loop : asio::io_context {
        event_loop() : asio::io_context(1) {}
        void drop_work() { shutdown(); }
    };
    awaitable<void> watch_signals();
    awaitable<void> stop_in_order();
    void drop_work();

    std::vector<std::unique_ptr<event_loop>> loops_;
    std::vector<step> steps_;
    std::unique_ptr<state> state_;
    steady_clock::duration grace_ = std::chrono::seconds(20);
};

}  // namespace vsecm::net
