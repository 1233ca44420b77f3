// A role's way to safe: settings to identity, identity to client. Every client role begins with this.
#pragma once

#include "api/exit_status.hpp"
#include "client/safe_client.hpp"
#include "config/settings.hpp"
#include "spiffe/peer_policy.hpp"
#include "spiffe/svid_source.hpp"

namespace vsecm::client {

// What our own identity must be. `any`: whatever the patterns know as a workload, system parts included.
enum class self_kind { any, sentinel };

// On one loop. Made whole by make(), which contacts nobody; open() starts the watch of the Workload API.
class session {
public:
    // errc::invalid, naming the variable, for an address or a pattern that does not parse.
    static base::result<session> make(net::executor loop, config::identity_settings const& identity, config::client_settings const& settings,
                                      self_kind self, std::function<void()> on_identity_change = nullptr);

    // Waits for an identity, settings.identity_timeout at most. errc::no_identity, in a sentence that says what is wrong:
    // no socket, none issued, or not the kind this role needs. Services keep trying until the deadline; commands stop at
    // the first answer.
    net::awaitable<base::status> open(spiffe::svid_source::patience how);

    safe_client& safe() noexcept { return *safe_; }
    // The same with a connection of its own, for a request that is held while others are made.
    std::unique_ptr<safe_client> another_client() const;
    spiffe::svid_source& identity() noexcept { return *source_; }
    void close();

private:
    session(net::executor loop, std::shared_ptr<spiffe::svid_source> source, net::endpoint server, config::client_settings const& settings);
    net::executor loop_;
    std::shared_ptr<spiffe::svid_source> source_;
    net::endpoint server_;
    client_options limits_;
    std::unique_ptr<safe_client> safe_;
    std::chrono::milliseconds identity_timeout_;
};

// What a command exits with after a failed call: what safe answered is its refusal, the rest says that it, or who we are,
// could not be had.
api::exit_status exit_status_of_call(base::errc code) noexcept;

}  // namespace vsecm::client
