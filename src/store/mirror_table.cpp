#include "store/mirror_table.hpp"

#include <algorithm>

namespace vsecm::store {
namespace {

std::size_t& number_of(mirror_counts& counted, mirror_state state) {
    return state == mirror_state::synced ? counted.synced : state == mirror_state::failing ? counted.failing : counted.waiting;
}

}  // namespace

bool mirror_table::set(std::string const& name, std::string const& space, mirror_state state, std::uint64_t version, std::string why) {
    std::lock_guard held(mutex_);
    auto& counted = by_space_[space];  // first: what has an entry has a count, whatever there is no memory for
    auto const [at, is_new] = entries_.try_emplace(key{name, space}, mirror_entry{name, space});
    auto& entry = at->second;
    bool const differs = is_new || entry.state != state || entry.why != why;
    if (is_new || entry.state != state) {
        if (!is_new) --number_of(counted, entry.state);
        ++number_of(counted, state);
        entry.since = clock_.now();
        entry.state = state;
    }
    if (version != 0) entry.version = version;
    entry.why = std::move(why);
    return differs;
}

void mirror_table::erase(std::string const& name, std::string const& space) {
    std::lock_guard held(mutex_);
    auto const found = entries_.find(key{name, space});
    if (found == entries_.end()) return;
    auto& counted = by_space_[space];
    --number_of(counted, found->second.state);
    if (counted == mirror_counts{}) by_space_.erase(space);
    entries_.erase(found);
}

mirror_counts mirror_table::counts() const {
    std::lock_guard held(mutex_);
    mirror_counts all;
    for (auto const& [space, counted] : by_space_) {
        all.synced += counted.synced;
        all.failing += counted.failing;
        all.waiting += counted.waiting;
    }
    return all;
}

std::map<std::string, mirror_counts> mirror_table::counts_by_space() const {
    std::lock_guard held(mutex_);
    return by_space_;
}

std::vector<mirror_entry> mirror_table::entries(std::size_t most) const {
    std::lock_guard held(mutex_);
    std::vector<mirror_entry> found;
    for (bool const failing : {true, false}) {
        for (auto const& [where, entry] : entries_) {
            if (found.size() == most) return found;
            if ((entry.state == mirror_state::failing) == failing) found.push_back(entry);
        }
    }
    return found;
}

mirror_state mirror_table::state_of(std::string_view name) const {
    std::lock_guard held(mutex_);
    bool any = false, all_synced = true;
    for (auto at = entries_.lower_bound(key{std::string(name), {}}); at != entries_.end() && at->first.first == name; ++at) {
        if (at->second.state == mirror_state::failing) return mirror_state::failing;
        any = true;
        all_synced = all_synced && at->second.state == mirror_state::synced;
    }
    return any && all_synced ? mirror_state::synced : mirror_state::waiting;
}

}  // namespace vsecm::store
