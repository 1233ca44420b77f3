// The SPIFFE Workload API, served by the embedded issuer: one Unix socket per identity, file permissions as attestation.
#pragma once

#include "grpc/server.hpp"
#include "identity/issuer.hpp"
#include "net/asio.hpp"

#include <map>
#include <memory>
#include <string>

namespace vsecm::identity {

struct workload_api_options {
    unsigned socket_mode = 0600;
    grpc::server_options server;
};

// Serves FetchX509SVID and FetchX509Bundles as held streams that are pushed to on rotation; the JWT methods are
// UNIMPLEMENTED. Single loop. The issuer must outlive it.
class workload_api_server {
public:
    workload_api_server(net::executor ex, issuer& authority, workload_api_options options = {});
    ~workload_api_server();
    workload_api_server(workload_api_server const&) = delete;
    workload_api_server& operator=(workload_api_server const&) = delete;

    // Begins to serve `id` at `socket_path` (absolute). errc::conflict if another server answers there, or if the path is
    // taken by something that is not a socket; errc::invalid for an ID that is not ours; SVIDs rotate at half-life with
    // 10 % jitter, from the moment this is called. `ttl` zero: the issuer's.
    base::status add(std::string id, std::string socket_path, std::chrono::seconds ttl = std::chrono::seconds{0});
    // Ends the streams at that socket with PERMISSION_DENIED and removes it. errc::not_found.
    base::status remove(std::string const& socket_path);
    // Withdraws (or gives back) the identity while the socket stays: callers get PERMISSION_DENIED "no identity issued".
    base::status set_issued(std::string const& socket_path, bool issued);
    // The bundles for everyone now (after set_federated or rotate_ca), and new SVIDs: where the bundles are news, a moment later,
    // when everyone knows them.
    void push_all();
    void stop();

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace vsecm::identity
