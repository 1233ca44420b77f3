#include "store/commit_queue.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

namespace vsecm::store {

using base::errc;
using base::fail;
using std::chrono::steady_clock;

void commit_queue::start() {
    thread_ = std::thread([this] {
        try {
            serve();
        } catch (std::exception const& thrown) {
            // No memory in the middle of a batch. The disk may hold what memory does not know, and somebody waits for an
            // answer that would be a guess: the next start reads what is true. Whatever was answered with OK is there.
            base::log::write(base::log::level::fatal, "store_writer_failed", {{"reason", thrown.what()}});
            std::abort();
        }
    });
}

base::status commit_queue::submit(commit_request& request) {
    request.since = steady_clock::now();
    request.len = 0;
    for (auto const& c : request.changes) request.len += c.value.size() + (c.delivered ? c.delivered->size() : 0) + c.meta.template_text.size() + 512;
    if (request.len > options_.max_waiting_bytes)
        return fail(errc::too_large, "one request may write {} bytes, not {}: name fewer secrets at a time", options_.max_waiting_bytes, request.len);
    {
        std::lock_guard held(mutex_);
        if (stopping_) return fail(errc::unavailable, "the store is stopping");
        if (waiting_.size() >= options_.max_waiting || waiting_len_ + request.len > options_.max_waiting_bytes)
            return fail(errc::limited, "{} writes already wait for the disk", waiting_.size());
        waiting_len_ += request.len;
        waiting_.push_back(std::move(request));
    }
    wake_.notify_one();
    return {};
}

base::status commit_queue::run_between(std::move_only_function<void()> task) {
    {
        std::lock_guard held(mutex_);
        if (stopping_) return fail(errc::unavailable, "the store is stopping");
        if (tasks_.size() >= options_.max_waiting) return fail(errc::limited, "{} requests already wait for the disk", tasks_.size());
        tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
    return {};
}

void commit_queue::look_at_dates() {
    {
        std::lock_guard held(mutex_);
        dates_changed_ = true;
    }
    wake_.notify_one();
}

void commit_queue::stop() {
    {
        std::lock_guard held(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

commit_queue::load commit_queue::current_load() const {
    std::lock_guard held(mutex_);
    load l{waiting_.size() + num_in_flight_, {}};
    if (l.num_waiting == 0) return l;
    auto const oldest = num_in_flight_ > 0 ? in_flight_since_ : waiting_.front().since;
    l.oldest = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - oldest);
    return l;
}

void commit_queue::serve() {
    // The calendar may be set while we sleep, so no sleep for a date is longer than this.
    constexpr std::chrono::nanoseconds longest_nap = std::chrono::seconds(30);
    std::unique_lock held(mutex_);
    for (;;) {
        held.unlock();
        auto const nap = worker_.run_due();
        held.lock();
        auto const has_work = [this] { return stopping_ || dates_changed_ || !waiting_.empty() || !tasks_.empty(); };
        if (nap == std::chrono::nanoseconds::max())
            wake_.wait(held, has_work);
        else
            wake_.wait_for(held, std::min(nap, longest_nap), has_work);
        dates_changed_ = false;
        run_tasks(held);
        if (waiting_.empty()) {
            if (!stopping_) continue;
            held.unlock();
            worker_.finish();
            return;
        }
        linger(held);
        auto batch = take_batch();
        held.unlock();
        auto const begun = steady_clock::now();
        worker_.run_batch(batch);
        last_size_ = batch.size();
        last_took_ = steady_clock::now() - begun;
        batch.clear();  // wiping large values is not for the lock
        held.lock();
        num_in_flight_ = 0;
    }
}

void commit_queue::run_tasks(std::unique_lock<std::mutex>& held) {
    while (!tasks_.empty()) {
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        held.unlock();
        task();
        held.lock();
    }
}

// Those answered a moment ago are about to ask again. Without a short wait the first of them would have a batch, and its
// syncs, to itself, and all others would share only every second one. A writer that was alone never waits.
void commit_queue::linger(std::unique_lock<std::mutex>& held) {
    constexpr std::chrono::nanoseconds longest = std::chrono::milliseconds(2);
    if (last_size_ < 2) return;
    wake_.wait_for(held, std::min(longest, last_took_ / 4), [this] { return stopping_ || waiting_.size() >= last_size_; });
}

// The oldest requests of distinct names. One that touches a name already in the batch, or in a request left waiting
// before it, waits for the next round: then the requests of a batch do not depend on each other.
std::vector<commit_request> commit_queue::take_batch() {
    std::vector<commit_request> batch;
    std::deque<commit_request> left;
    std::unordered_set<std::string> names;
    std::size_t num_changes = 0;
    while (!waiting_.empty()) {
        auto& request = waiting_.front();
        bool const fits = batch.empty() || num_changes + request.changes.size() <= max_batch_changes;
        if (!fits && left.empty()) break;
        bool const free = std::ranges::none_of(request.changes, [&](change const& c) { return names.contains(c.name); });
        for (auto const& c : request.changes) names.insert(c.name);
        if (fits && free) {
            num_changes += request.changes.size();
            waiting_len_ -= request.len;
            batch.push_back(std::move(request));
        } else {
            left.push_back(std::move(request));
        }
        waiting_.pop_front();
    }
    for (auto& request : waiting_) left.push_back(std::move(request));
    waiting_ = std::move(left);
    num_in_flight_ = batch.size();
    in_flight_since_ = batch.front().since;
    return batch;
}

}  // namespace vsecm::store
