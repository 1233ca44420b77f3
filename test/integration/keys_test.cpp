// The root key in an operator's hands: given, kept, rotated, forgotten.
#include "integration/caller.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

using namespace vsecm;
using std::chrono::seconds;

namespace {

// What `vsecm keygen` prints, without the empty line before and after.
std::string new_key(test::system const& local) {
    auto const made = test::run({test::vsecm_binary(), "keygen"}, {{}, {}, local.scratch(""), "keygen"}).out;
    return made.substr(1, made.size() - 3);
}

test::finished give(test::system& local, std::string const& key) { return local.run("vsecm-sentinel", {"sentinel", "-i", "-"}, key); }

std::string status(test::system& local) { return local.sentinel({"status"}); }

// The text behind "NAME: " in a status.
std::string member(std::string const& status, std::string const& name) {
    auto const at = ("\n" + status).find("\n" + name + ": ");
    if (at == std::string::npos) return {};
    auto const begin = at + name.size() + 2;
    return status.substr(begin, status.find('\n', begin) - begin);
}

bool ends_rotation(test::system& local) {
    return test::eventually(seconds{30}, [&] { return member(status(local), "rotation") == "done"; });
}

test::finished keygen(test::system& local, std::vector<std::string> words) {
    words.insert(words.begin(), {test::vsecm_binary(), "keygen"});
    return test::run(words, {{{"PATH", "/usr/bin:/bin"}}, {}, local.scratch(""), "keygen"});
}

}  // namespace

TEST_CASE("a key given by hand is stored where that is asked for, and needed once") {
    test::system local({"billing"}, {{"VSECM_ROOT_KEY_INPUT_MODE_MANUAL", "true"}, {"VSECM_ROOT_KEY_INPUT_PERSIST", "true"}});
    CHECK(local.inspect("billing").status == 3);
    auto const key = new_key(local);
    auto const given = give(local, key);
    INFO(given.err);
    REQUIRE(given.status == 0);
    CHECK(given.err.empty());
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    CHECK(test::slurp(local.path("root-key")) == key);
    struct ::stat info {};
    REQUIRE(::stat(local.path("root-key").c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    local.kill_safe();
    CHECK(local.inspect("billing").out == "TopSecret\n");
    CHECK(give(local, key).status == 0);  // a repeated command
    CHECK(give(local, new_key(local)).status == 2);
}

TEST_CASE("a key that cannot be stored unseals all the same, and the operator is told") {
    test::system local({"billing"}, {{"VSECM_ROOT_KEY_INPUT_MODE_MANUAL", "true"}, {"VSECM_ROOT_KEY_INPUT_PERSIST", "true"}});
    auto const key = new_key(local), other = new_key(local);
    // Another one has appeared there since the start: it is not written over.
    std::ofstream(local.path("root-key")) << other;
    auto const given = give(local, key);
    CHECK(given.status == 0);
    CHECK(given.err.contains("memory only"));
    CHECK(test::slurp(local.path("root-key")) == other);
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    CHECK(local.inspect("billing").out == "TopSecret\n");
}

TEST_CASE("by hand a key brings the keys it replaced, and what they wrote is there") {
    test::system local({"billing"}, {{"VSECM_ROOT_KEY_INPUT_MODE_MANUAL", "true"}});
    auto const first = new_key(local), second = new_key(local);
    REQUIRE(give(local, first).status == 0);
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    local.kill_safe();
    auto const refused = give(local, second);
    CHECK(refused.status == 2);
    CHECK(refused.err.contains("root key"));
    auto const both = give(local, second + "\n" + first);
    INFO(both.err);
    CHECK(both.status == 0);
    CHECK(local.inspect("billing").out == "TopSecret\n");
}

TEST_CASE("by hand, a key that does not open all there is says so, and those it replaced come with it or not at all") {
    test::system local({"billing"}, {{"VSECM_ROOT_KEY_INPUT_MODE_MANUAL", "true"}});
    auto const first = new_key(local), second = new_key(local);
    auto const record = local.path("data/billing.age"), aside = local.path("billing.age");
    REQUIRE(give(local, first).status == 0);
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    local.kill_safe();
    std::filesystem::rename(record, aside);
    REQUIRE(give(local, second).status == 0);
    local.sentinel({"-w", "other", "-s", "value"});
    local.kill_safe();
    std::filesystem::rename(aside, record);
    auto const half = give(local, second);
    CHECK(half.status == 0);
    CHECK(half.err.contains("1 of the stored secrets cannot be opened"));
    auto const late = give(local, second + "\n" + first);
    CHECK(late.status == 2);
    CHECK(late.err.contains("only while it is sealed"));
    local.kill_safe();
    auto const all = give(local, second + "\n" + first);
    CHECK(all.status == 0);
    CHECK(all.err.empty());
    CHECK(local.inspect("billing").out == "TopSecret\n");
    CHECK(give(local, second + "\n" + first).status == 0);  // a repeated command
    CHECK(give(local, second).status == 0);
}

TEST_CASE("a rotation is seen, ends by itself, and the old key can be forgotten; what it wrote elsewhere opens until then") {
    test::system local({"billing", "shipping"});
    for (auto const* value : {"one", "two", "three"}) local.sentinel({"-w", "billing", "-s", value});
    local.sentinel({"-w", "shipping", "-s", "gone"});
    local.sentinel({"-w", "shipping", "-d"});
    auto const ciphertext = local.sentinel({"-e", "-s", "in a repository"});
    auto const before = member(status(local), "rootKey");
    auto const rotated = local.sentinel({"--rotate-root-key"});
    auto const now = member(status(local), "rootKey");
    CHECK(now != before);
    CHECK(rotated.contains("the root key is " + now + " now"));
    CHECK(rotated.contains("--forget-key " + before));
    REQUIRE(ends_rotation(local));
    CHECK(member(status(local), "olderKeys") == before);
    CHECK(local.sentinel({"status", "--output", "json"}).contains("\"olderKeys\":[\"" + before + "\"]"));
    CHECK(local.inspect("billing").out == "three\n");
    auto const opens_all = [&](int expected) {
        auto const opened = keygen(local, {"--decrypt", "--root-key", local.path("root-key"), "--data", local.path("data"), "--history"});
        CAPTURE(opened.err);
        CHECK(opened.status == expected);
        for (auto const* value : {"one", "two", "three", "gone"}) CHECK(opened.out.contains(value));
    };
    opens_all(0);
    // What `safe -e` printed opens as long as the old key is there.
    auto const text = ciphertext.substr(1, ciphertext.size() - 3);
    local.sentinel({"-w", "billing", "-e", "-s", text});
    CHECK(local.inspect("billing").out == "in a repository\n");
    CHECK(local.run("vsecm-sentinel", {"sentinel", "--forget-key", "00000000"}).status == 6);
    CHECK(local.run("vsecm-sentinel", {"sentinel", "--forget-key", now}).status == 2);
    CHECK(local.sentinel({"--forget-key", before}) == "\nOK\n\n");
    CHECK(member(status(local), "olderKeys") == "");
    CHECK(local.run("vsecm-sentinel", {"sentinel", "-w", "billing", "-e", "-s", text}).status == 2);
    opens_all(0);
    local.kill_safe();
    CHECK(local.inspect("billing").out == "in a repository\n");
    CHECK(member(status(local), "rootKey") == now);
    local.sentinel({"-w", "billing", "--rollback", "2"});
    CHECK(local.inspect("billing").out == "two\n");
    local.sentinel({"-w", "shipping", "--undelete"});
    CHECK(local.inspect("shipping").out == "gone\n");
    for (auto const& who : {"billing", "vsecm-keystone"})
        for (auto const* path : {"/sentinel/v1/keys/rotate", "/sentinel/v1/keys/forget"}) CHECK(test::caller(local.environment_of(who)).post(path, "{}").status == 403);
}

TEST_CASE("in memory only, a rotation takes the operator's new key, and a start needs both until it is done") {
    test::system local({"billing"}, {{"VSECM_ROOT_KEY_INPUT_MODE_MANUAL", "true"}});
    auto const first = new_key(local), second = new_key(local);
    REQUIRE(give(local, first).status == 0);
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    auto const refused = local.run("vsecm-sentinel", {"sentinel", "--rotate-root-key"});
    CHECK(refused.status == 2);
    CHECK(refused.err.contains("-i -"));
    local.sentinel({"--rotate-root-key", "-i", "-"}, second);
    REQUIRE(ends_rotation(local));
    local.kill_safe();
    CHECK(give(local, first).status == 2);
    CHECK(give(local, second).status == 0);
    CHECK(local.inspect("billing").out == "TopSecret\n");
    CHECK_FALSE(std::filesystem::exists(local.path("root-key")));
}

TEST_CASE("SIGKILL in the middle of rotations under load: nothing is lost, no read is refused, and each ends") {
#ifdef VSECM_SANITIZED
    constexpr int num_kills = 4, num_secrets = 100;
#else
    constexpr int num_kills = 15, num_secrets = 400;
#endif
    test::system local({"billing"}, {{"VSECM_LOG_LEVEL", "2"}});
    test::caller filler(local.environment_of("vsecm-sentinel"));
    auto const upsert = [](std::string const& name, std::string const& value) {
        return R"({"workloads":[")" + name + R"("],"namespaces":["default"],"value":")" + value + R"("})";
    };
    for (int i = 0; i < num_secrets; ++i) REQUIRE(filler.post("/sentinel/v1/secrets", upsert("s-" + std::to_string(i), "v-" + std::to_string(i))).status == 200);

    std::atomic<bool> stop{false};
    std::atomic<int> acknowledged{0}, num_reads{0};
    std::string wrong;  // read when the threads have ended
    {
        std::jthread const writer([&] {
            test::caller sentinel(local.environment_of("vsecm-sentinel"));
            for (int n = 1; !stop; ++n) {
                if (sentinel.post("/sentinel/v1/secrets", upsert("billing", std::to_string(n))).status == 200) acknowledged = n;
                else sentinel.move_to(local.port("api"));
            }
        });
        std::jthread const reader([&] {
            test::caller billing(local.environment_of("billing"));
            while (!stop) {
                int const before = acknowledged;
                auto const got = billing.get("/workload/v1/secrets");
                if (got.status == 0 || (got.status == 503 && got.body.contains("safe is st"))) billing.move_to(local.port("api"));  // away, or starting, or stopping
                else if (before > 0 && got.status != 200) wrong += std::to_string(got.status) + " " + got.body + "\n";
                else if (got.status == 200) ++num_reads;
            }
        });
        std::mt19937 random{20260131};
        for (int kill = 0; kill < num_kills; ++kill) {
            INFO("kill " << kill);
            int const reads = num_reads;
            REQUIRE(test::eventually(seconds{20}, [&] { return num_reads > reads + 5; }));
            local.sentinel({"--rotate-root-key"});
            std::this_thread::sleep_for(std::chrono::microseconds{random() % 150'000});  // an arbitrary moment of it
            local.kill_safe();
        }
        // Without a kill: all reads of a whole rotation are answered.
        REQUIRE(ends_rotation(local));
        local.sentinel({"--rotate-root-key"});
        REQUIRE(ends_rotation(local));
        stop = true;
    }
    CHECK(wrong == "");
    auto const last = local.inspect("billing").out;
    CHECK(std::atoi(last.c_str()) >= acknowledged);
    // Everything is under the newest key alone: its three lines open every version of every secret.
    for (auto left = member(status(local), "olderKeys"); !left.empty(); left = member(status(local), "olderKeys"))
        local.sentinel({"--forget-key", left.substr(0, 8)});
    auto const key = test::slurp(local.path("root-key"));
    CHECK(std::ranges::count(key, '\n') == 2);
    local.stop_dev();
    auto const opened = keygen(local, {"--decrypt", "--root-key", local.path("root-key"), "--data", local.path("data"), "--history"});
    CHECK(opened.err == "");
    CHECK(opened.status == 0);
    for (int i = 0; i < num_secrets; ++i) CHECK(opened.out.contains("Value: v-" + std::to_string(i) + "\n"));
    CHECK(std::filesystem::is_empty(local.path("data/quarantine")));
}
