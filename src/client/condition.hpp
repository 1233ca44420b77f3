// What keeps going wrong, told once and not once an attempt.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"

#include <string>
#include <utility>

namespace vsecm::client {

// For one loop that tries again and again. Attempts with the same sentence are silent after the first.
class condition {
public:
    void failing(std::string_view event, base::error const& why) {
        if (why.what == last_) return;
        last_ = why.what;
        base::log::warn(event, {{"code", base::name_of(why.code)}, {"what", why.what}});
    }
    // Told only after a failure.
    void well() {
        if (!std::exchange(last_, {}).empty()) base::log::warn("well_again");
    }

private:
    std::string last_;
};

}  // namespace vsecm::client
