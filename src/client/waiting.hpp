// Waiting for a workload's own secret to exist: what init and keystone do.
#pragma once

#include "client/poller.hpp"
#include "client/session.hpp"

namespace vsecm::client {

// Returns once a fetch has found a value. Until then it waits, through every failure: no identity yet, safe not there,
// refused, sealed. Each new reason is logged once. Cancelled only with its loop. Everything must outlive it.
net::awaitable<void> wait_for_secret(session& session, std::chrono::milliseconds poll_interval);

}  // namespace vsecm::client
