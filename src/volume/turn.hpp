// Taking turns with others who write to the same volume: an init container beside a native sidecar, or another sidecar.
#pragma once

#include "base/folder_lock.hpp"
#include "net/deadline.hpp"

namespace vsecm::volume {

// How long another writer is waited for.
inline constexpr std::chrono::milliseconds patience_with_others{1'000};

// What base::lock_folder gives, but the event loop goes on meanwhile: whoever can read the volume can hold its lock, and must not
// keep us from answering our probes. errc::conflict when the patience is at its end.
net::awaitable<base::result<base::unique_fd>> take_turn(std::string folder);

}  // namespace vsecm::volume
