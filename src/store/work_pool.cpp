#include "store/work_pool.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace vsecm::store {

work_pool::~work_pool() {
    {
        std::lock_guard held(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    for (auto& t : threads_) t.join();
}

void work_pool::run(std::size_t count, std::size_t width, std::function<void(std::size_t)> const& work) {
    width = std::min({width, count, max_threads_});
    if (width <= 1) {
        for (std::size_t i = 0; i < count; ++i) work(i);
        return;
    }
    std::unique_lock held(mutex_);
    try {
        while (threads_.size() + 1 < width) threads_.emplace_back([this] { serve(); });
    } catch (std::system_error const&) {  // no more threads: those there are, and this one
    }
    work_ = &work;
    count_ = count;
    next_ = num_done_ = num_helpers_ = 0;
    max_helpers_ = width - 1;
    if (max_helpers_ >= threads_.size())
        wake_.notify_all();
    else
        for (std::size_t i = 0; i < max_helpers_; ++i) wake_.notify_one();
    take_part(held);
    finished_.wait(held, [this] { return num_done_ == count_; });
    work_ = nullptr;
    if (auto const failure = std::exchange(failure_, nullptr)) std::rethrow_exception(failure);
}

void work_pool::serve() {
    std::unique_lock held(mutex_);
    for (;;) {
        wake_.wait(held, [this] { return ending_ || (work_ != nullptr && next_ < count_ && num_helpers_ < max_helpers_); });
        if (ending_) return;
        ++num_helpers_;
        take_part(held);
        // Not given back: a helper that found the burst empty has no reason to look again.
    }
}

void work_pool::take_part(std::unique_lock<std::mutex>& held) {
    auto const* const work = work_;
    while (next_ < count_) {
        std::size_t const item = next_++;
        held.unlock();
        std::exception_ptr failure;
        try {
            (*work)(item);
        } catch (...) {
            failure = std::current_exception();
        }
        held.lock();
        if (failure && !failure_) failure_ = failure;
        if (++num_done_ == count_) finished_.notify_all();
    }
}

}  // namespace vsecm::store
