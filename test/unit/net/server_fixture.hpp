// A real server on its own threads, with a handler that does what the path says.
#pragma once

#include "net/address.hpp"
#include "net/deadline.hpp"
#include "net/http_server.hpp"
#include "support/tls_identity.hpp"
#include "unit/net/blocking_client.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace vsecm::test {

// /ok hello · /echo the body · /who the peer · /loop its number · /big N bytes · /target path|query · /hold a long poll
// of 20 s, or as long as ?ms= says · /held how many are · /throw · /slow answers 300 ms later.
class path_handler final : public net::http_handler {
public:
    net::awaitable<net::http_response> handle(net::http_request& request, net::http_exchange& exchange) override;
    // Rings every request held now. From any thread.
    void ring(net::runtime& loops);
    std::atomic<int> held{0}, cancelled{0};

private:
    std::mutex lock_;
    std::map<net::wake_signal*, std::size_t> waiting_;
};

struct server_options {
    net::http_limits limits;
    std::size_t num_loops = 1;
    std::string_view groups = "X25519";
};

class server_fixture {
public:
    explicit server_fixture(server_options options = {});
    ~server_fixture();

    std::uint16_t port() const { return server->port(); }
    net::http_counters const& counters() const { return server->counters(); }
    // Begins the ordered stop.
    void stop() { loops->stop(7); }
    int join();

    test_ca ca;
    leaf server_leaf = ca.issue("spiffe://test/safe");
    leaf client_leaf = ca.issue("spiffe://test/workload/app");
    std::shared_ptr<net::tls_context const> client = ca.context(net::tls_role::client, client_leaf, "X25519");
    std::shared_ptr<std::atomic<bool>> peers_valid = std::make_shared<std::atomic<bool>>(true);
    path_handler handler;
    std::unique_ptr<net::runtime> loops;
    std::unique_ptr<net::http_server> server;

private:
    std::thread thread_;
    int status_ = -1;
};

}  // namespace vsecm::test
