// A safe with an API server of Kubernetes beside it: the real process, and a stand-in that answers as the real one.
#include "fakes/api_server.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <filesystem>

using namespace vsecm;
using std::chrono::seconds;

namespace {

test::environment_map beside(test::api_server const& server, test::environment_map more = {}) {
    more.emplace("VSECM_SAFE_K8S_API_URL", server.url());
    more.emplace("VSECM_SAFE_K8S_ACCOUNT_PATH", server.account_folder());
    return more;
}

// A second safe, next to that of dev, which keeps its root key in the cluster. `own` is the folder of its own data.
test::process pod(test::system& local, test::api_server const& server, std::string const& own, test::environment_map more = {}) {
    auto environment = beside(server, {{"VSECM_SAFE_DATA_PATH", local.scratch(own)},
                                       {"VSECM_ROOT_KEY_PATH", local.scratch(own + ".mounted")},
                                       {"VSECM_SAFE_ROOT_KEY_STORE", "k8s"},
                                       {"VSECM_LOG_LEVEL", "4"},
                                       {"VSECM_SAFE_TLS_PORT", "127.0.0.1:0"},
                                       {"VSECM_PROBE_LIVENESS_PORT", "127.0.0.1:0"},
                                       {"VSECM_PROBE_READINESS_PORT", "127.0.0.1:0"},
                                       {"VSECM_SAFE_PORTS_FILE", local.scratch(own + ".ports")}});
    for (auto& [name, value] : more) environment[name] = value;
    std::filesystem::remove(local.scratch(own + ".ports"));
    return local.launch("vsecm-safe", {"safe"}, own, environment);
}

bool serves(test::system& local, std::string const& own) {
    return test::eventually(seconds{15}, [&] { return std::filesystem::exists(local.scratch(own + ".ports")); });
}

}  // namespace

TEST_CASE("Q7: two safes that start at once in a cluster agree on the root key of its Secret") {
    test::system local;
    test::api_server server;
    server.put("vsecm-system", "vsecm-root-key", {.data = {{"KEY_TXT", "{}"}}});
    {
        auto one = pod(local, server, "one"), two = pod(local, server, "two");
        REQUIRE(serves(local, "one"));
        REQUIRE(serves(local, "two"));
        auto const text = server.find("vsecm-system", "vsecm-root-key")->data.at("KEY_TXT");
        CHECK(text.starts_with("AGE-SECRET-KEY-1"));
        CHECK(server.find("vsecm-system", "vsecm-root-key")->annotations.empty());
        for (auto* each : {&one, &two}) {
            CHECK_FALSE(each->err().contains(text.substr(0, 30)));
            each->signal(SIGTERM);
            CHECK(each->wait(seconds{10}) == 0);
        }
        // Both opened their stores with the one key: its public half is in the log.
        auto const id_of = [](std::string const& log) { return log.substr(log.find("root_key="), 17); };
        CHECK(id_of(one.err()) == id_of(two.err()));
    }
    // A Secret that was emptied is not filled again over stored data.
    server.put("vsecm-system", "vsecm-root-key", {.data = {{"KEY_TXT", "{}"}}});
    std::filesystem::copy_file(local.path("root-key"), local.scratch("one/x.age"));
    auto again = pod(local, server, "one");
    CHECK(again.wait(seconds{15}) == 1);
    CHECK(again.err().contains("holds stored secrets"));
    CHECK(server.find("vsecm-system", "vsecm-root-key")->data.at("KEY_TXT") == "{}");
}
