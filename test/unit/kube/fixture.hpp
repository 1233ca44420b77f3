// The stand-in for the API server, and a client of it on a loop of the test's own.
#pragma once

#include "fakes/api_server.hpp"
#include "kube/secrets_api.hpp"
#include "support/run_loop.hpp"

namespace vsecm::test {

kube::secret_data data_of(std::initializer_list<std::pair<std::string, std::string_view>> pairs);

struct api_fixture {
    api_server server;
    run_loop loop;
    std::shared_ptr<kube::service_account> account;
    std::optional<kube::secrets_api> api;
    kube::secret_ref const db{"default", "db"};

    explicit api_fixture(std::chrono::milliseconds reread = std::chrono::seconds{60}, std::chrono::milliseconds timeout = std::chrono::seconds{5},
                         std::string host = "127.0.0.1");
    fake_secret there() const { return *server.find("default", "db"); }
};

}  // namespace vsecm::test
