// How many renderings may run at once: each has a thread, and may have megabytes.
#pragma once

#include <atomic>

namespace vsecm::roles::safe {

// Thread-safe.
class rendering_slots {
public:
    explicit rendering_slots(unsigned most) noexcept : free_(most) {}
    bool try_take() noexcept {
        auto free = free_.load();
        while (free > 0)
            if (free_.compare_exchange_weak(free, free - 1)) return true;
        return false;
    }
    void give_back() noexcept { free_.fetch_add(1); }

private:
    std::atomic<unsigned> free_;
};

}  // namespace vsecm::roles::safe
