// One HTTP/1.1 request at a time over one kept TLS connection.
#pragma once

#include "net/address.hpp"
#include "net/deadline.hpp"
#include "net/http_message.hpp"
#include "net/tls_stream.hpp"

#include <memory>

namespace vsecm::net {

struct http_client_limits {
    std::chrono::milliseconds connect{5'000};    // resolve and connect, all addresses together
    std::chrono::milliseconds handshake{10'000};
    std::size_t max_header_len = 64 * 1024;
    std::size_t max_body_len = 64 * 1024 * 1024;
};

struct http_client_request {
    std::string method = "GET";
    std::string target;  // as it goes on the wire, already escaped
    std::vector<std::pair<std::string, std::string>> headers;  // Host and Content-Length are ours
    base::secret_text bearer;  // if not empty: the token of an Authorization header
    base::secret_text body;
};

struct http_client_response {
    unsigned status = 0;
    http_fields fields;
    base::secret_text body;
    std::shared_ptr<tls_peer const> peer;  // the server, as the verify callback accepted it
};

// Lives on one loop; one request at a time. A kept connection is dropped when the identity generation has changed.
class http_client {
public:
    http_client(executor loop, std::shared_ptr<tls_source const> tls, endpoint server, http_client_limits limits = {});
    ~http_client();
    http_client(http_client&&) noexcept;
    http_client& operator=(http_client&&) noexcept;

    // Sends and waits for the whole answer; any status is a success here. `limit` covers everything. Only a GET is sent
    // again by itself, once, when the kept connection turns out to have been closed before a byte of an answer.
    // errc::timeout; errc::unavailable (not reachable, broken); errc::denied (one side refused the other's identity);
    // errc::no_identity (the source has none yet); errc::corrupt (not HTTP); errc::too_large.
    awaitable<base::result<http_client_response>> send(http_client_request request, steady_clock::duration limit);

    endpoint const& server() const noexcept;
    void close();  // drops the connection; a request under way ends with errc::cancelled

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace vsecm::net
