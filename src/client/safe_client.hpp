// Typed calls to safe over mutual TLS: one function a route. Sentinel, sidecar, init, keystone, inspector and the SDK
// use this; it speaks to ours and to an original safe (0.22 to 0.28.1) alike.
#pragma once

#include "api/messages.hpp"
#include "api/routes.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vsecm::client {

// A success: the body as the server sent it, and what it wanted people to know.
struct reply {
    base::secret_text body;
    std::vector<std::string> warnings;  // Vsecm-Warning headers
    bool from_vsecm = false;            // false: an original safe
};

// What a workload's fetch found. Anything else (refused, unreachable, sealed) is an error, never an absence.
struct fetched {
    enum class kind { value, unchanged, absent };
    kind what = kind::absent;
    api::fetch_response content;                         // for `value`
    api::absence why = api::absence::absent;             // for `absent`; an original safe's 404 says `deleted`
    std::string etag;                                    // empty from an original safe: it cannot push
    bool from_vsecm = false;
};

struct client_options {
    std::chrono::milliseconds timeout{10'000};  // for connection and answer; a held request has its wait on top
    std::size_t max_body_len = api::max_response_len;
};

// One loop, one call at a time, one kept connection. The tls_source decides whom it talks to: a server that is not safe
// fails in the handshake with errc::denied.
//
// Errors: errc::denied (refused), sealed, invalid, conflict, too_large, limited, storage: the server's own word and
// sentence; unavailable, timeout: it could not be reached; no_identity: we have none.
class safe_client {
public:
    safe_client(net::executor loop, std::shared_ptr<net::tls_source const> identity, net::endpoint server, client_options options = {});

    net::awaitable<base::result<reply>> upsert(api::upsert_request const& request);  // also encrypt-only
    net::awaitable<base::result<reply>> remove(api::delete_request const& request);
    net::awaitable<base::result<reply>> versions(std::string const& name);             // errc::invalid from an original safe,
    net::awaitable<base::result<reply>> restore(api::restore_request const& request);  // as this: a rollback, or an undelete
    net::awaitable<base::result<reply>> put_keys(api::keys_request const& request);
    // Both errc::invalid from an original safe. An empty request: safe makes the new key.
    net::awaitable<base::result<reply>> rotate_key(api::keys_request const& request);
    // Safe looks at everything that is stored before it answers, so this waits longer than the others.
    net::awaitable<base::result<reply>> forget_key(std::string id);
    net::awaitable<base::result<reply>> list();
    net::awaitable<base::result<reply>> list_encrypted();
    net::awaitable<base::result<reply>> keystone();
    net::awaitable<base::result<reply>> status();  // errc::invalid from an original safe: it has no such path

    // Fetches the caller's own secret. With an `etag`, an unchanged secret is `unchanged`; with a `wait` besides, the
    // server holds the request that long or until something changes.
    net::awaitable<base::result<fetched>> fetch(std::string_view etag = {}, std::chrono::seconds wait = std::chrono::seconds{0});

    void close() { http_.close(); }

private:
    net::awaitable<base::result<reply>> call(std::string_view method, std::string_view target, base::secret_text body,
                                             std::chrono::milliseconds longer = std::chrono::milliseconds{0});
    net::awaitable<base::result<net::http_client_response>> send(net::http_client_request request, std::chrono::milliseconds limit);

    net::http_client http_;
    client_options options_;
};

}  // namespace vsecm::client
