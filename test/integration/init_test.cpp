// An init container that waits for Secrets of Kubernetes: what it asks the API server, and what it makes of the answers.
#include "fakes/api_server.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <atomic>

using namespace vsecm;
using test::eventually;
using std::chrono::seconds;

namespace {

constexpr seconds patience{20};

// No safe, no Workload API: nothing of them is needed.
struct scene {
    test::process::options options(std::string name, test::environment_map more) const {
        more.emplace("VSECM_SAFE_K8S_API_URL", cluster.url());
        more.emplace("VSECM_SAFE_K8S_ACCOUNT_PATH", cluster.account_folder());
        more.emplace("VSECM_INIT_CONTAINER_POLL_INTERVAL", "100");
        return {std::move(more), {}, folder.path(), std::move(name)};
    }
    static std::vector<std::string> words(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {test::vsecm_binary(), "init"});
        return arguments;
    }
    test::process start(std::vector<std::string> arguments, test::environment_map more = {}) { return {words(std::move(arguments)), options("init", std::move(more))}; }
    test::finished run(std::vector<std::string> arguments, test::environment_map more = {}) { return test::run(words(std::move(arguments)), options("run", std::move(more))); }

    test::api_server cluster;
    test::temp_folder folder;
};

}  // namespace

TEST_CASE("it ends when the Secret is there with something in it, and does nothing but get it") {
    scene s;
    s.cluster.add_namespace("billing");
    auto init = s.start({"--secret", "billing/database"});
    REQUIRE(init.says("Secret billing/database does not exist", patience));
    s.cluster.put("billing", "database", {});
    REQUIRE(init.says("Secret billing/database is empty", patience));
    CHECK(init.running());
    s.cluster.edit("billing", "database", [](test::fake_secret& secret) { secret.data["password"] = "TopSecret"; });
    CHECK(init.wait(patience) == 0);
    CHECK(!init.err().contains("TopSecret"));
    for (auto const& line : s.cluster.log()) CHECK(line.starts_with("get billing/database "));
}

TEST_CASE("several, one of the pod's own namespace, and a pause before the end") {
    scene s;
    s.cluster.put("vsecm-system", "mine", {.data = {{"a", "1"}}});
    s.cluster.put("other", "theirs", {.data = {{"a", "1"}}});
    CHECK(s.run({"-s", "mine", "--secret", "other/theirs"}, {{"VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT", "100"}}).status == 0);
    CHECK(s.cluster.log() == std::vector<std::string>{"get vsecm-system/mine 200", "get other/theirs 200"});
}

TEST_CASE("a right that is not there yet, a server that fails and a token that is replaced are waited out") {
    scene s;
    s.cluster.put("billing", "database", {.data = {{"a", "1"}}});
    s.cluster.forbid("billing", {"get"});
    auto init = s.start({"--secret", "billing/database"});
    REQUIRE(init.says("waiting_for_secret", patience));
    auto const asked = s.cluster.count("get");
    REQUIRE(eventually(patience, [&] { return s.cluster.count("get") > asked + 2; }));
    CHECK(init.err().find("waiting_for_secret") == init.err().rfind("waiting_for_secret"));  // told once
    s.cluster.follow([](test::fake_request const&) { return std::optional(test::fake_answer{.status = 503, .reason = "ServiceUnavailable"}); });
    s.cluster.allow_everything();
    REQUIRE(eventually(patience, [&] { return s.cluster.count("get billing/database 503") > 0; }));
    s.cluster.change_token("another");
    s.cluster.follow(nullptr);
    CHECK(init.wait(patience) == 0);
}

TEST_CASE("with a limit the reason is the exit status; a signal ends the wait") {
    scene s;
    s.cluster.add_namespace("billing");
    auto const in_vain = s.run({"--secret", "billing/database", "--wait", "300ms"});
    CHECK(in_vain.status == 6);
    CHECK(in_vain.err.contains("vsecm init: Secret billing/database does not exist"));
    CHECK(s.run({"--secret", "billing/database", "--wait", "300ms"}, {{"VSECM_SAFE_K8S_API_URL", "https://127.0.0.1:1"}}).status == 5);
    auto const asked = s.cluster.count("get");
    CHECK(s.run({"--secret", "billing/database", "--wait", "0"}).status == 6);
    CHECK(s.cluster.count("get") == asked + 1);
    s.cluster.put("billing", "another", {.data = {{"a", "1"}}});
    CHECK(s.run({"--secret", "billing/another", "--wait", "0"}).status == 0);
    auto init = s.start({"--secret", "billing/database"});
    REQUIRE(init.says("waiting_for_secret", patience));
    init.signal(SIGTERM);
    CHECK(init.wait(patience) == 143);
}

TEST_CASE("a limit that is reached within a request leaves the reason that was known before") {
    std::atomic<int> num_asked = 0;
    scene s;
    s.cluster.add_namespace("billing");
    s.cluster.follow([&](test::fake_request const&) -> std::optional<test::fake_answer> {
        if (++num_asked <= 2) return std::nullopt;  // it does not exist
        return test::fake_answer{.status = 503, .pause = seconds{10}};
    });
    auto const in_vain = s.run({"--secret", "billing/database", "--wait", "2s"});
    CHECK(num_asked == 3);
    CHECK(in_vain.status == 6);
    CHECK(in_vain.err.contains("vsecm init: Secret billing/database does not exist"));
    CHECK_FALSE(in_vain.err.contains("cancelled"));
}
