// This process's identity, kept fresh: watches the Workload API, and gives the TLS contexts made from the newest SVID.
#pragma once

#include "net/deadline.hpp"
#include "net/tls_context.hpp"
#include "spiffe/trust_bundle.hpp"
#include "spiffe/workload_api.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vsecm::spiffe {

// Says whether a verified SPIFFE ID is welcome; the error's sentence becomes the handshake's. Thread-safe.
using authorizer = std::function<base::status(std::string_view id)>;

struct svid_source_options {
    watch_options watch;                   // where the Workload API is
    std::string tls_groups{net::default_groups};
    bool serve = true;                     // make server contexts
    bool connect = true;                   // make client contexts
    authorizer accept_client;              // who may connect to us; empty: every valid SVID
    authorizer accept_server;              // whom we may connect to; empty: every valid SVID
    authorizer accept_self;                // which of our SVIDs to use: the first accepted; empty: the first
    std::function<void()> on_change;       // on the loop, after the contexts were swapped or the identity withdrawn
    base::clock const* clock = nullptr;    // default: the system's
};

// What is known now, for probes and `status`.
struct identity_state {
    std::optional<spiffe_id> id;           // none before the first SVID
    base::system_time expires{};           // of the SVID in use (the earliest of its chain)
    std::uint64_t generation = 0;          // counts identities, from 1
    bool withdrawn = false;                // the Workload API says: no identity issued (any more)
    std::string problem;                   // the last failure, "" when the watch is healthy
};

// Made once a process, used as a shared_ptr. start(), wait_first() and stop() belong to the loop of `ex`; tls() contexts
// and state() are thread-safe. On each update a whole new context is built and the pointer swapped: connections keep the
// one they began with. If the identity is withdrawn, the SVID held is used until it expires, and state() says so. An SVID
// that has expired is not handed out: current() is null then.
class svid_source : public std::enable_shared_from_this<svid_source> {
public:
    static std::shared_ptr<svid_source> make(net::executor ex, svid_source_options options);
    ~svid_source();
    svid_source(svid_source const&) = delete;
    svid_source& operator=(svid_source const&) = delete;

    void start();
    void stop();

    enum class patience {
        until_deadline,     // services: keep trying
        until_first_error,  // commands: a missing socket or a refusal is the answer
    };
    // Waits for the first usable identity. errc::no_identity with the best explanation there is; errc::cancelled.
    net::awaitable<base::status> wait_first(net::steady_clock::time_point deadline, patience how = patience::until_deadline);

    // The contexts for connections we accept, and for those we make. Null current() before the first SVID.
    std::shared_ptr<net::tls_source const> tls(net::tls_role role) const;
    identity_state state() const;

private:
    struct impl;
    explicit svid_source(std::unique_ptr<impl> i);
    std::unique_ptr<impl> impl_;
};

}  // namespace vsecm::spiffe
