// One secret as it stands in memory: an immutable snapshot, replaced whole by the next commit.
#pragma once

#include "base/clock.hpp"
#include "crypto/sealed_value.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vsecm::store {

enum class secret_state : std::uint8_t {
    present,
    deleted,  // a tombstone: it existed, and somebody removed it
    vacant,   // holds a version number only; to everybody it is absent
    damaged,  // its file cannot be opened: the name is reserved until somebody writes or deletes it
};

// What a caller may see at one instant.
enum class visibility : std::uint8_t { absent, deleted, not_yet, expired, present, damaged };
std::string_view name_of(visibility v) noexcept;  // as in Vsecm-Reason: "not-yet"

// What secrets of one kind have in common; shared between them.
struct secret_meta {
    std::vector<std::string> namespaces;
    std::string template_text;
    std::string format;  // the word of the request: "json" "yaml" "raw" "none", or what an old file says
    // Namespaces taken from it, where what was made of it elsewhere may still stand: kept until that is gone.
    std::vector<std::string> leaving{};
    auto operator<=>(secret_meta const&) const = default;
};

// Never changed once published, so any thread may read it for as long as it holds the pointer.
struct stored_secret {
    std::string name;
    std::string correlation_id;
    std::uint64_t version = 0;  // grows with every change of this name, over deletions and restarts too; gaps are normal
    base::system_time created{}, updated{}, not_before{};
    base::system_time expires = base::never();
    std::shared_ptr<secret_meta const> meta;   // never null once published
    std::vector<crypto::sealed_value> values;  // as the operator gave them, newest first
    crypto::sealed_value delivered;            // what a workload receives, where that is not simply the values
    std::array<std::uint8_t, 16> fingerprint{};  // keyed, over name, version and what a workload receives
    secret_state state = secret_state::present;
    bool persisted = false;  // some record of this name is in the backend

    visibility visible(base::system_time now) const noexcept;
};
using secret_ptr = std::shared_ptr<stored_secret const>;

// True if record `a`, sealed or in the clear, was written after `b`. A program that does not count versions is judged by the
// dates it wrote.
template <class Record>
bool is_newer(Record const& a, Record const& b) noexcept {
    return a.version > 0 && b.version > 0 ? a.version > b.version : a.updated > b.updated;
}

inline visibility visible(secret_ptr const& secret, base::system_time now) noexcept {
    return secret ? secret->visible(now) : visibility::absent;
}

}  // namespace vsecm::store
