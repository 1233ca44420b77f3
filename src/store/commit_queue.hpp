// Ordered group commit: whoever arrives while the writer is busy shares its next round, and so its sync.
#pragma once

#include "store/change.hpp"
#include "store/secret_store.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace vsecm::store {

struct commit_request {
    std::vector<change> changes;
    secret_store::completion done;
    std::chrono::steady_clock::time_point since{};
    std::size_t len = 0;  // of the values
};

// What the writer's thread does; both run there and nowhere else.
class commit_worker {
public:
    virtual ~commit_worker() = default;
    // No name occurs twice in a batch. Answers every request.
    virtual void run_batch(std::vector<commit_request>& batch) = 0;
    // Does what is due by the calendar; returns how long it may be left alone, at most.
    virtual std::chrono::nanoseconds run_due() = 0;
    // The last call, when stopping: nothing waits any more.
    virtual void finish() = 0;
};

// Thread-safe. Requests for one name are done in the order they came.
class commit_queue {
public:
    commit_queue(store_options const& options, commit_worker& worker) : options_(options), worker_(worker) {}
    ~commit_queue() { stop(); }
    commit_queue(commit_queue const&) = delete;
    commit_queue& operator=(commit_queue const&) = delete;

    void start();
    // errc::limited when too much waits, too_large if it alone would be, unavailable after stop(); the request is then untouched.
    base::status submit(commit_request& request);
    // Runs `task` on the writer's thread, between two batches. The same errors; the task is then not run.
    base::status run_between(std::move_only_function<void()> task);
    void look_at_dates();
    // Finishes what waits, then ends the thread. Idempotent.
    void stop();

    struct load {
        std::size_t num_waiting = 0;
        std::chrono::milliseconds oldest{0};
    };
    load current_load() const;

private:
    void serve();
    std::vector<commit_request> take_batch();
    void run_tasks(std::unique_lock<std::mutex>& held);
    void linger(std::unique_lock<std::mutex>& held);

    static constexpr std::size_t max_batch_changes = 256;  // bounds memory and the wait of the first in it

    store_options const& options_;
    commit_worker& worker_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<commit_request> waiting_;
    std::deque<std::move_only_function<void()>> tasks_;
    std::size_t waiting_len_ = 0;
    std::size_t num_in_flight_ = 0;
    std::chrono::steady_clock::time_point in_flight_since_{};
    bool stopping_ = false, dates_changed_ = false;
    std::size_t last_size_ = 0;  // of the last batch, and how long it took; the writer's own
    std::chrono::nanoseconds last_took_{0};
    std::thread thread_;
};

}  // namespace vsecm::store
