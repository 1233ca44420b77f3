// The dates at which what a caller sees of a secret changes by itself.
#pragma once

#include "store/stored_secret.hpp"

#include <queue>

namespace vsecm::store {

// The writer's own: one thread. A secret that was replaced meanwhile is rung for once too often, which is harmless.
class due_list {
public:
    void add(stored_secret const& secret, base::system_time now) {
        if (secret.state != secret_state::present) return;
        if (secret.not_before > now) dates_.push({secret.not_before, secret.name});
        if (secret.expires != base::never() && secret.expires > now) dates_.push({secret.expires, secret.name});
    }

    std::vector<std::string> take_due(base::system_time now) {
        std::vector<std::string> names;
        for (; !dates_.empty() && dates_.top().when <= now; dates_.pop()) names.push_back(dates_.top().name);
        return names;
    }

    // nanoseconds::max() if there is no date.
    std::chrono::nanoseconds until_next(base::system_time now) const {
        return dates_.empty() ? std::chrono::nanoseconds::max() : dates_.top().when - now;
    }

private:
    struct date {
        base::system_time when;
        std::string name;
        bool operator>(date const& other) const noexcept { return when > other.when; }
    };
    std::priority_queue<date, std::vector<date>, std::greater<>> dates_;
};

}  // namespace vsecm::store
