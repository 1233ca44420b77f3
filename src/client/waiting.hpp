// A workload's own secret, once: asked for, or waited for. What init, keystone, exec and inspector do.
#pragma once

#include "client/session.hpp"

#include <optional>

namespace vsecm::client {

// One attempt, the first answer of the Workload API included. An absence is a success of kind `absent`.
net::awaitable<base::result<fetched>> fetch_once(session& session);

struct waiting {
    std::chrono::milliseconds poll_interval{5000};   // of a safe that cannot push
    std::optional<std::chrono::milliseconds> limit;  // none: for ever; zero: one attempt
};

// Until a fetch has found a value, through every failure: no identity yet, safe not there, refused, sealed. Each new reason is
// logged once. With a limit that passes, the error is the newest reason (errc::not_found: there is no secret). Cancelled only
// with its loop. Everything must outlive it.
net::awaitable<base::result<fetched>> wait_for_secret(session& session, waiting how);

// errc::not_found, in a sentence.
base::error no_secret(api::absence why);

}  // namespace vsecm::client
