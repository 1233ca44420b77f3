// A safe with an API server of Kubernetes beside it: the real process, and a stand-in that answers as the real one.
#include "base/clock.hpp"
#include "fakes/api_server.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
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

TEST_CASE("k8s: names become Secrets, and a namespace that fails is told and delays no other") {
    test::api_server server;
    for (auto const* space : {"good", "denied", "broken"}) server.add_namespace(space);
    server.forbid("denied", {"get"});
    server.follow([](test::fake_request const& r) -> std::optional<test::fake_answer> {
        if (r.space == "broken") return test::fake_answer{.status = 500, .message = "TopSecret"};
        return std::nullopt;
    });
    test::system local({"billing"}, beside(server, {{"VSECM_SAFE_K8S_SYNC_INTERVAL", "1s"}}));
    // The example of the original's documentation.
    CHECK(local.sentinel({"-w", "k8s:example-secret", "-n", "good", "-n", "denied", "-n", "broken", "-s", R"({"username":"root","password":"a,b"})"}) == "\nOK\n\n");
    auto const status = [&](std::string const& line) {
        INFO(line);
        std::string said;
        bool const found = test::eventually(seconds{10}, [&] { return (said = local.sentinel({"status"})).contains(line); });
        INFO(said);
        CHECK(found);
        return said;
    };
    status(", 1 synced, 2 failing, 0 waiting\n");
    status("k8s:example-secret in good: synced since 20");
    status("may not get Secret denied/example-secret (403)");
    auto const said = status("the API server failed (500 InternalError)");
    CHECK_FALSE(said.contains("TopSecret"));
    CHECK_FALSE(local.dev_log().contains("TopSecret"));
    auto const json = local.sentinel({"status", "--output", "json"});
    CHECK(json.contains(R"("kubernetes":{"apiServer":"https://127.0.0.1:)"));
    CHECK(json.contains(R"({"name":"k8s:example-secret","namespace":"good","state":"synced","since":"20)"));
    CHECK(local.sentinel({"-l", "--output", "json"}).contains(R"("status":"failing")"));

    auto const there = *server.find("good", "example-secret");
    CHECK(there.data == std::map<std::string, std::string>{{"username", "root"}, {"password", "a,b"}});
    CHECK(there.labels == std::map<std::string, std::string>{{"app.kubernetes.io/operated-by", "vsecm"}});
    CHECK(there.annotations.empty());
    CHECK(there.type == "Opaque");

    // Drift is mended while safe runs, and after it was killed.
    auto const mended = [&] {
        return test::eventually(seconds{10}, [&] {
            auto const now = server.find("good", "example-secret");
            return now && now->data == there.data;
        });
    };
    server.edit("good", "example-secret", [](test::fake_secret& s) { s.data["password"] = "changed"; });
    CHECK(mended());
    server.remove("good", "example-secret");
    local.kill_safe();
    CHECK(mended());
    server.follow(nullptr);
    server.allow_everything();
    status(", 3 synced, 0 failing, 0 waiting\n");

    // D2 of the documented use cases, in a namespace that is there already.
    local.sentinel({"-w", "k8s:templated", "-n", "good", "-s", R"({"username":"root","password":"Super,Secret","value":"VSecMRocks"})",
                    "-t", R"({"USERNAME":"{{.username}}","PASSWORD":"{{.password}}","VALUE":"{{.value}}"})"});
    std::map<std::string, std::string> const made{{"USERNAME", "root"}, {"PASSWORD", "Super,Secret"}, {"VALUE", "VSecMRocks"}};
    CHECK(test::eventually(seconds{10}, [&] {
        auto const now = server.find("good", "templated");
        return now && now->data == made;
    }));
    local.sentinel({"-w", "k8s:templated", "-d"});

    // By default what was made stays when the secret goes.
    local.sentinel({"-w", "k8s:example-secret", "-d"});
    status(", 0 synced, 0 failing, 0 waiting\n");
    CHECK(server.find("good", "example-secret"));
}

TEST_CASE("where it is said so, the Secret goes with its name, though safe be killed in between") {
    test::api_server server;
    test::system local({"billing"}, beside(server, {{"VSECM_SAFE_K8S_SECRET_DELETE", "delete"}}));
    local.sentinel({"-w", "k8s:db", "-n", "default", "-s", "x"});
    REQUIRE(test::eventually(seconds{10}, [&] { return server.find("default", "db").has_value(); }));
    server.forbid("*", {"delete"});
    local.sentinel({"-w", "k8s:db", "-d"});
    local.kill_safe();
    server.allow_everything();
    CHECK(test::eventually(seconds{15}, [&] { return !server.find("default", "db"); }));
}

TEST_CASE("a namespace taken from a name while the API server was away loses its Secret once it is back, though safe was killed") {
    bool const deletes = GENERATE(true, false);
    test::api_server server;
    server.add_namespace("other");
    test::system local({"billing"}, beside(server, {{"VSECM_SAFE_K8S_SECRET_DELETE", deletes ? "delete" : "retain"}}));
    local.sentinel({"-w", "k8s:db", "-n", "default", "-n", "other", "-s", "1"});
    REQUIRE(test::eventually(seconds{10}, [&] { return server.find("default", "db") && server.find("other", "db"); }));
    server.follow([](test::fake_request const&) { return test::fake_answer{.status = 503}; });
    local.sentinel({"-w", "k8s:db", "-n", "default", "-s", "2"});
    local.kill_safe();
    server.follow(nullptr);
    CHECK(test::eventually(seconds{15}, [&] { return server.find("default", "db")->data.at("VALUE") == "2"; }));
    if (deletes) CHECK(test::eventually(seconds{15}, [&] { return !server.find("other", "db"); }));
    CHECK(server.find("other", "db").has_value() != deletes);
}

TEST_CASE("with dates enforced a Secret loses its value at the date, without being asked") {
    test::api_server server;
    test::system local({"billing"}, beside(server, {{"VSECM_SAFE_ENFORCE_DATES", "true"}}));
    auto const date = [](seconds from_now) { return base::format_rfc3339(base::system_clock().now() + from_now); };
    local.sentinel({"-w", "k8s:soon", "-n", "default", "-s", "1", "-N", date(seconds{3600})});
    local.sentinel({"-w", "k8s:db", "-n", "default", "-s", "1", "-E", date(seconds{4})});
    REQUIRE(test::eventually(seconds{4}, [&] { return server.find("default", "db").has_value(); }));
    CHECK(test::eventually(seconds{15}, [&] { return server.find("default", "db")->data.empty(); }));
    CHECK(local.sentinel({"-l", "--output", "json"}).contains("expired"));
    CHECK_FALSE(server.find("default", "soon"));
}

TEST_CASE("names that Kubernetes would not take are refused before anything is stored") {
    test::api_server server;
    test::system local({"billing"}, beside(server));
    for (auto const& words : std::vector<std::vector<std::string>>{{"-w", "k8s:Bad_Name", "-s", "x"}, {"-w", "k8s:db", "-n", "*", "-s", "x"}, {"-w", "k8s:", "-s", "x"}}) {
        auto all = words;
        all.insert(all.begin(), "sentinel");
        auto const refused = local.run("vsecm-sentinel", all);
        CHECK(refused.status == 2);
        CHECK(refused.err.contains("Kubernetes"));
    }
    CHECK_FALSE(local.sentinel({"-l"}).contains("k8s:"));
}
