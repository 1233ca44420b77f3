// The one door: who may ask for what, and when. Every request passes here before any handler sees it.
#pragma once

#include "api/routes.hpp"
#include "base/result.hpp"
#include "spiffe/peer_policy.hpp"

#include <string>
#include <string_view>

namespace vsecm::roles::safe {

enum class phase {
    starting,  // no root key asked for or given yet
    sealed,    // waits for the root key by hand
    opening,   // the root key is there, the store is being read
    serving,
    stopping,
};
std::string_view name_of(phase p) noexcept;

// Refuses with errc::denied (not for this caller), invalid (no such route), unsupported (another method), sealed or
// unavailable (not serving). The order is fixed: a caller without a right learns nothing about the state of safe.
base::status admit(api::route route, spiffe::caller const& who, phase now);

// classify() with a memory: a connection asks again with the same ID. Thread-safe (each thread remembers for itself).
spiffe::caller classify_cached(spiffe::peer_policy const& policy, std::string_view spiffe_id);

}  // namespace vsecm::roles::safe
