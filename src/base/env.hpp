// The only place that reads the environment. Rooms below get typed settings, never names.
#pragma once

#include "base/result.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace vsecm::base {

// A copy of the environment, taken once. Cheap to make in tests from a map.
class environment {
public:
    static environment of_process();
    explicit environment(std::map<std::string, std::string, std::less<>> values = {}) : values_(std::move(values)) {}

    // Unset and empty are the same: the original reads an empty variable as unset.
    std::optional<std::string_view> get(std::string_view name) const;
    std::map<std::string, std::string, std::less<>> const& all() const noexcept { return values_; }

private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace vsecm::base
