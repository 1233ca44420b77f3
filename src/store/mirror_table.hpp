// How each Kubernetes Secret that should be there is: for people who ask, on any thread.
#pragma once

#include "base/clock.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace vsecm::store {

enum class mirror_state : std::uint8_t { waiting, synced, failing };
constexpr std::string_view name_of(mirror_state s) noexcept {
    return s == mirror_state::synced ? "synced" : s == mirror_state::failing ? "failing" : "waiting";
}

// One name in one namespace.
struct mirror_entry {
    std::string name, space;  // the whole name, prefix included
    mirror_state state = mirror_state::waiting;
    base::system_time since{};  // when it came to be in this state
    std::uint64_t version = 0;  // of the secret that is there; 0 if none was written by this process
    std::string why{};          // of failing: a sentence without secrets
};

struct mirror_counts {
    std::size_t synced = 0, failing = 0, waiting = 0;
    auto operator<=>(mirror_counts const&) const = default;
};

// Thread-safe.
class mirror_table {
public:
    explicit mirror_table(base::clock const& clock) : clock_(clock) {}

    // `version` 0: the one known so far. Whether the state, or the reason, is another than it was.
    bool set(std::string const& name, std::string const& space, mirror_state state, std::uint64_t version = 0, std::string why = {});
    void erase(std::string const& name, std::string const& space);

    // Kept as they change: whoever asks, a scrape of everybody's, does not look through all entries.
    mirror_counts counts() const;
    std::map<std::string, mirror_counts> counts_by_space() const;
    // Failing ones first, then by name; at most so many.
    std::vector<mirror_entry> entries(std::size_t most) const;
    // Of all namespaces of a name: failing if one is, else waiting if one is. Waiting if there is none.
    mirror_state state_of(std::string_view name) const;

private:
    using key = std::pair<std::string, std::string>;

    base::clock const& clock_;
    mutable std::mutex mutex_;
    std::map<key, mirror_entry> entries_;
    std::map<std::string, mirror_counts> by_space_;  // of those that have entries
};

}  // namespace vsecm::store
