#include "store/secret_map.hpp"

#include <algorithm>
#include <mutex>

namespace vsecm::store {

secret_ptr secret_map::find(std::string_view name) const {
    std::shared_lock held(mutex_);
    auto const found = secrets_.find(name);
    return found == secrets_.end() ? nullptr : *found;
}

std::vector<secret_ptr> secret_map::list() const {
    std::vector<secret_ptr> out;
    {
        std::shared_lock held(mutex_);
        out.reserve(counts_.present + counts_.damaged);
        for (auto const& s : secrets_)
            if (s->state == secret_state::present || s->state == secret_state::damaged) out.push_back(s);
    }
    std::ranges::sort(out, {}, [](secret_ptr const& s) -> std::string const& { return s->name; });
    return out;
}

std::vector<std::string> secret_map::names_with_prefix(std::string_view prefix) const {
    std::vector<std::string> names;
    std::shared_lock held(mutex_);
    for (auto const& s : secrets_)
        if (s->name.starts_with(prefix)) names.push_back(s->name);
    return names;
}

void secret_map::publish(std::span<secret_ptr const> newer) {
    std::vector<secret_ptr> older;  // freed after the lock
    older.reserve(newer.size());
    std::lock_guard held(mutex_);
    for (auto const& s : newer) {
        auto const found = secrets_.find(std::string_view(s->name));
        count_in(s, 1);
        if (found == secrets_.end()) {
            secrets_.insert(s);
            continue;
        }
        auto node = secrets_.extract(found);
        count_in(node.value(), static_cast<std::size_t>(-1));
        older.push_back(std::exchange(node.value(), s));
        secrets_.insert(std::move(node));
    }
}

std::size_t secret_map::num_tombstones() const {
    auto const all = count();
    return all.deleted + all.vacant;
}

std::vector<std::string> secret_map::oldest_tombstones(std::size_t most, whose which) const {
    std::vector<secret_ptr> all;
    {
        std::shared_lock held(mutex_);
        all.reserve(counts_.deleted + counts_.vacant);
        for (auto const& s : secrets_) {
            bool const is_tombstone = s->state == secret_state::deleted || s->state == secret_state::vacant;
            if (is_tombstone && (which == whose::all || s->meta->leaving.empty())) all.push_back(s);
        }
    }
    most = std::min(most, all.size());
    std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(most), {}, [](secret_ptr const& s) { return s->updated; });
    std::vector<std::string> names;
    for (std::size_t i = 0; i < most; ++i) names.push_back(all[i]->name);
    return names;
}

void secret_map::forget(std::span<std::string const> names) {
    std::lock_guard held(mutex_);
    for (auto const& name : names) {
        auto const found = secrets_.find(std::string_view(name));
        if (found == secrets_.end()) continue;
        count_in(*found, static_cast<std::size_t>(-1));
        secrets_.erase(found);
    }
}

void secret_map::reserve(std::size_t count) {
    std::lock_guard held(mutex_);
    secrets_.reserve(count);
}

secret_map::counts secret_map::count() const {
    std::shared_lock held(mutex_);
    return counts_;
}

void secret_map::count_in(secret_ptr const& s, std::size_t by) {
    if (s->state == secret_state::present) counts_.present += by;
    if (s->state == secret_state::deleted) counts_.deleted += by;
    if (s->state == secret_state::damaged) counts_.damaged += by;
    if (s->state == secret_state::vacant) counts_.vacant += by;
}

}  // namespace vsecm::store
