// The dates at which what a caller sees of a secret changes by itself.
#pragma once

#include "store/stored_secret.hpp"

#include <array>
#include <set>
#include <unordered_map>
#include <utility>

namespace vsecm::store {

// The writer's own: one thread. Two dates at most for each name, those of its newest version: a secret that is rewritten
// every minute and expires next year must not leave a trail.
class due_list {
public:
    // What is published of this name from now on, of any state.
    void add(stored_secret const& secret, base::system_time now) {
        forget(secret.name);
        if (secret.state != secret_state::present) return;
        std::array const dates{secret.not_before, secret.expires == base::never() ? base::system_time::min() : secret.expires};
        if (dates[0] <= now && dates[1] <= now) return;
        for (auto const when : dates)
            if (when > now) dates_.emplace(when, secret.name);
        of_name_.emplace(secret.name, dates);
    }

    std::vector<std::string> take_due(base::system_time now) {
        std::vector<std::string> names;
        while (!dates_.empty() && dates_.begin()->first <= now) names.push_back(std::move(dates_.extract(dates_.begin()).value().second));
        // The later date of a name stays, and with it its entry here.
        for (auto const& name : names)
            if (auto const at = of_name_.find(name); at != of_name_.end() && at->second[0] <= now && at->second[1] <= now) of_name_.erase(at);
        return names;
    }

    // nanoseconds::max() if there is no date.
    std::chrono::nanoseconds until_next(base::system_time now) const {
        return dates_.empty() ? std::chrono::nanoseconds::max() : dates_.begin()->first - now;
    }
    std::size_t size() const noexcept { return dates_.size(); }

private:
    void forget(std::string const& name) {
        auto const at = of_name_.find(name);
        if (at == of_name_.end()) return;
        for (auto const when : at->second) dates_.erase({when, name});
        of_name_.erase(at);
    }

    std::set<std::pair<base::system_time, std::string>> dates_;
    std::unordered_map<std::string, std::array<base::system_time, 2>> of_name_;  // not before, expires
};

}  // namespace vsecm::store
