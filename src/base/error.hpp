// The one error list. An error is a code to branch on and a sentence for people; it never holds secret bytes.
#pragma once

#include <format>
#include <string>
#include <string_view>

namespace vsecm::base {

// Three families (house rule): not mine, try the next (no_match); bad input (invalid, corrupt, too_large);
// cannot now (unavailable, timeout, storage, limited). One table maps them to HTTP status, one to exit status.
enum class errc {
    invalid,      // malformed input from a caller or an operator
    corrupt,      // stored or received bytes fail authentication or do not parse
    no_match,     // well formed, but for another key or identity: try the next
    not_found,    // nothing of that name
    denied,       // the peer refused us, or we refuse the peer
    no_identity,  // the Workload API gave none, or not the one this command needs
    sealed,       // the root key has not been given
    conflict,     // a version or a name is taken
    too_large,    // beyond a documented limit
    limited,      // too many at once: try later
    unavailable,  // not reachable or not ready now
    timeout,      // a deadline passed
    storage,      // the disk refused
    unsupported,  // well formed, but this program does not do it
    cancelled,    // the caller stopped waiting
    internal,     // a broken promise of our own
};

// Stable lower-case word for logs and JSON: "not_found".
std::string_view name_of(errc code) noexcept;

struct error {
    errc code = errc::internal;
    std::string what;

    // Adds context on the way up: "reading /data/a.age: permission denied".
    error within(std::string_view context) && {
        what.insert(0, ": ").insert(0, context);
        return std::move(*this);
    }
};

}  // namespace vsecm::base
