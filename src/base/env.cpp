#include "base/env.hpp"

#include <unistd.h>

namespace vsecm::base {

environment environment::of_process() {
    environment env;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const text{*entry};
        if (auto const equals = text.find('='); equals != std::string_view::npos && equals != 0)
            env.values_.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return env;
}

std::optional<std::string_view> environment::get(std::string_view name) const {
    auto const found = values_.find(name);
    if (found == values_.end() || found->second.empty()) return std::nullopt;
    return found->second;
}

}  // namespace vsecm::base
