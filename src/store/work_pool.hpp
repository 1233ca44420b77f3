// A few threads for work that comes in bursts: files to sync, records to open.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace vsecm::store {

// Threads start with the first burst that needs them. run() is for one caller at a time; the destructor joins.
class work_pool {
public:
    explicit work_pool(std::size_t max_threads) noexcept : max_threads_(max_threads) {}
    ~work_pool();
    work_pool(work_pool const&) = delete;
    work_pool& operator=(work_pool const&) = delete;

    // Calls work(0) … work(count - 1), in any order, on this thread and up to `width` - 1 of the pool's; returns when all
    // are done. What `work` throws is thrown here, the first of several, when the others have ended. A burst of one runs
    // here, without waking anybody. Where the system gives no thread, fewer do it.
    void run(std::size_t count, std::size_t width, std::function<void(std::size_t)> const& work);
    void run(std::size_t count, std::function<void(std::size_t)> const& work) { run(count, max_threads_, work); }

private:
    void serve();
    void take_part(std::unique_lock<std::mutex>& held);

    std::size_t max_threads_;
    std::mutex mutex_;
    std::condition_variable wake_;      // there is work, or the end
    std::condition_variable finished_;  // the last item is done
    std::function<void(std::size_t)> const* work_ = nullptr;
    std::size_t count_ = 0, next_ = 0, num_done_ = 0, num_helpers_ = 0, max_helpers_ = 0;
    std::exception_ptr failure_;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace vsecm::store
