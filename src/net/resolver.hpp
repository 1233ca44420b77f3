// Host names to addresses.
#pragma once

#include "base/result.hpp"
#include "net/address.hpp"
#include "net/asio.hpp"

#include <vector>

namespace vsecm::net {

// All addresses of the server, IPv4 and IPv6, in the system's order; a literal is answered at once. Cancelling returns at
// once too, and so does the end of the process: getaddrinfo runs on a thread nobody waits for. (Asio's own resolver is
// joined when its loop goes, so a silent DNS server would hold up every command line for half a minute.)
// errc::unavailable: no such name, no answer, or too many unanswered lookups; errc::cancelled.
awaitable<base::result<std::vector<asio::ip::tcp::endpoint>>> resolve(endpoint server);

}  // namespace vsecm::net
