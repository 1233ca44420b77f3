// What people may know of a secret's versions: numbers, dates and sizes, never values.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace vsecm::store {

enum class version_state : std::uint8_t {
    current,
    earlier,
    deleted,  // the deletion itself: there is nothing to go back to under its number
    damaged,  // cannot be opened
};
constexpr std::string_view name_of(version_state s) noexcept {
    switch (s) {
        case version_state::current: return "current";
        case version_state::earlier: return "earlier";
        case version_state::deleted: return "deleted";
        case version_state::damaged: break;
    }
    return "damaged";
}

struct version_info {
    std::uint64_t version = 0;  // 0: of a damaged one that is current, nobody knows
    version_state state = version_state::earlier;
    std::optional<base::system_time> updated;  // nothing if damaged
    std::size_t value_len = 0;                 // bytes as the operator gave them; several values: of their JSON array
};
using version_list = std::vector<version_info>;  // newest first

}  // namespace vsecm::store
