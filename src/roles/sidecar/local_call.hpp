// An HTTP call without TLS to a neighbour on loopback: POST, no body, and only the status of the answer counts.
#pragma once

#include "net/address.hpp"
#include "net/deadline.hpp"

#include <string>

namespace vsecm::roles::sidecar {

struct local_url {
    net::listen_address where;  // 127.x.x.x or ::1
    std::string target;         // "/-/reload?now"
};

// "http://127.0.0.1:9090/-/reload", "http://localhost/x", "http://[::1]:80/". errc::invalid for another host than this one: a
// neighbour in the pod needs no TLS, anybody else does.
base::result<local_url> parse_local_url(std::string_view url);

// Success is an answer with 2xx. Also, with a warning, a connection that is closed behind the whole request without an answer: what
// was asked for may be the neighbour's end (`/quit`), and then asking again would end it again. errc::unavailable: it has not got the
// request; errc::denied: another status (it is named), or no HTTP; errc::timeout: it has the request, and does not answer.
net::awaitable<base::status> post(local_url const& to, net::steady_clock::duration limit);

}  // namespace vsecm::roles::sidecar
