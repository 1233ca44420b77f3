// The SPIFFE Workload API client: watches the X.509-SVIDs and bundles this process is entitled to.
// Source: SPIFFE_Workload_API.md, SPIFFE_Workload_Endpoint.md; behaviour of go-spiffe's watcher, with jitter.
#pragma once

#include "base/secret_text.hpp"
#include "grpc/client.hpp"
#include "net/backoff.hpp"
#include "spiffe/trust_bundle.hpp"
#include "spiffe/x509_svid.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vsecm::spiffe {

// SPIFFE_ENDPOINT_SOCKET: "unix:///abs" (or "unix:/abs") or "tcp://IP:port", nothing else in it.
// errc::invalid with what is wrong.
base::result<grpc::endpoint> parse_endpoint_socket(std::string_view text);

// One X509SVIDResponse: a complete replacement of what came before.
struct x509_context {
    std::vector<x509_svid> svids;  // at least one; the first is the default
    bundle_map bundles;            // of the SVIDs' own trust domains
    bundle_map federated;          // of others, as sent: neither names nor roots are checked yet
};
// errc::corrupt for anything malformed. Unknown fields are skipped. Never throws.
base::result<x509_context> parse_x509_svid_response(base::byte_view message);

struct watch_options {
    grpc::endpoint where;
    std::chrono::milliseconds first_retry{500};  // then growing to max_retry, jittered
    std::chrono::milliseconds max_retry{30'000};
    std::chrono::seconds connect_timeout{5};
    std::chrono::seconds first_message_timeout{30};  // attestation takes its time
};

// Receives what the watch sees, on its loop.
class watch_listener {
public:
    virtual ~watch_listener() = default;
    virtual void on_update(x509_context&& context) = 0;
    // A sentence for people, and a code: no_identity (PERMISSION_DENIED: none is issued to us, or no longer), not_found
    // (no socket), denied (no permission for the socket), unavailable, timeout, corrupt (a message that did not parse: the
    // stream stays open), unsupported (INVALID_ARGUMENT, UNIMPLEMENTED: said once, asked again seldom). Called before each retry.
    virtual void on_error(base::error const& why) = 0;
};

// Watches until stopped; single loop. Reconnects for ever.
class x509_watch {
public:
    x509_watch(net::executor ex, watch_options options, watch_listener& listener);
    // Ends by stop() (errc::cancelled). The object must outlive the coroutine.
    net::awaitable<base::status> run();
    void stop();

private:
    net::awaitable<base::status> watch_once();
    watch_options options_;
    watch_listener& listener_;
    net::timer pause_;
    net::backoff tries_;
    bool was_unsupported_ = false;  // and the listener has heard of it
    std::optional<grpc::client_stream> stream_;
    bool stopped_ = false;
};

}  // namespace vsecm::spiffe
