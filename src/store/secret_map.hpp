// Name -> newest snapshot. Readers share a lock for the length of one look-up; a whole batch appears at once.
#pragma once

#include "store/stored_secret.hpp"

#include <shared_mutex>
#include <span>
#include <string_view>
#include <unordered_set>

namespace vsecm::store {

// Thread-safe. The key is the name inside the snapshot, so that a secret's name is in memory once.
class secret_map {
public:
    secret_ptr find(std::string_view name) const;
    std::vector<secret_ptr> list() const;  // present and damaged, by name
    std::vector<std::string> names_with_prefix(std::string_view prefix) const;  // in any state
    void publish(std::span<secret_ptr const> newer);
    // Names that are deleted or vacant: how many, the first `most` of them by date, and their end.
    std::size_t num_tombstones() const;
    enum class whose { all, of_none_leaving };  // secret_meta::leaving
    std::vector<std::string> oldest_tombstones(std::size_t most, whose which) const;
    void forget(std::span<std::string const> names);
    void reserve(std::size_t count);

    struct counts {
        std::size_t present = 0, deleted = 0, damaged = 0, vacant = 0;
    };
    counts count() const;

private:
    struct by_name {
        using is_transparent = void;
        static std::string_view key(secret_ptr const& s) noexcept { return s->name; }
        static std::string_view key(std::string_view s) noexcept { return s; }
        std::size_t operator()(auto const& s) const noexcept { return std::hash<std::string_view>{}(key(s)); }
        bool operator()(auto const& a, auto const& b) const noexcept { return key(a) == key(b); }
    };
    void count_in(secret_ptr const& s, std::size_t by);

    mutable std::shared_mutex mutex_;
    std::unordered_set<secret_ptr, by_name, by_name> secrets_;
    counts counts_;
};

}  // namespace vsecm::store
