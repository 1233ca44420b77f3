// What the workloads of a request are to receive, before the store sees the request: a template may take a second, which neither
// an event loop nor the store's writer has.
#pragma once

#include "delivery/transform.hpp"
#include "net/deadline.hpp"
#include "roles/safe/vault.hpp"

namespace vsecm::roles::safe {

// Fills in `delivered` of the changes (puts and appends) that need more than deliver_on_writer(); on a thread of its own, one
// rendering after the other, and the same one once for all puts. An append is rendered with the values that are there now, and
// gets their version as the expected one if it expects none: errc::conflict of the commit says that they are there no more.
// Returns sentences: what is delivered instead of what was asked. errc::corrupt if memory was changed; too_large if all of it
// together is more than the store takes of a request; limited if it is not done by the deadline. Only a few renderings, of all
// requests together, run at a time: the others wait their turn.
net::awaitable<base::result<std::vector<std::string>>> render(vault& safe, std::vector<store::change>& changes,
                                                              net::steady_clock::time_point deadline);

// The store's deliver_fn: of what needs no rendering.
base::secret_text deliver_on_writer(std::span<std::string_view const> values, store::secret_meta const& meta);

}  // namespace vsecm::roles::safe
