// TLS to a server known by name and CA, not by SPIFFE.
#pragma once

#include "net/address.hpp"
#include "net/tls_context.hpp"

namespace vsecm::kube {

// A client context that accepts certificates issued under one of `ca_pem` for `server.host`, a name or an address, and shows
// none of its own. A name is sent in the clear too (SNI), an address is not. errc::invalid if there is no certificate in
// `ca_pem`, or OpenSSL does not know the groups.
base::result<std::shared_ptr<net::tls_context const>> trust_server(net::endpoint const& server, std::string_view ca_pem,
                                                                   std::string_view groups, std::uint64_t generation);

}  // namespace vsecm::kube
