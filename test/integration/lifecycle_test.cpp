// Starting, stopping and surviving: what probes say, what signals do, what a kill loses (nothing).
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <filesystem>
#include <fstream>

using namespace vsecm;
using test::plain_get;
using std::chrono::seconds;

TEST_CASE("a secret goes in, comes out, and survives SIGKILL and SIGTERM") {
    test::system local;
    CHECK(local.inspect("billing").status == 6);
    CHECK(local.sentinel({"-w", "billing", "-s", "TopSecret"}) == "\nOK\n\n");
    CHECK(local.inspect("billing").out == "TopSecret\n");
    local.kill_safe();
    CHECK(local.inspect("billing").out == "TopSecret\n");
    local.stop_dev();
    local.start_dev();
    CHECK(local.inspect("billing").out == "TopSecret\n");
    CHECK(local.sentinel({"-w", "billing", "-d"}) == "\nOK\n\n");
    local.kill_safe();
    CHECK(local.inspect("billing").status == 6);
}

TEST_CASE("earlier versions come back, and so does what was deleted, with SIGKILL in between") {
    test::system local;
    for (auto const* value : {"one", "two", "three"}) local.sentinel({"-w", "billing", "-s", value});
    local.kill_safe();
    auto const before = local.sentinel({"-w", "billing", "--versions"});
    CHECK(before.contains("3  20"));
    CHECK(before.contains("5 bytes  current\n"));
    CHECK(before.contains("1  20"));
    CHECK_FALSE(before.contains("three"));
    local.sentinel({"-w", "billing", "--rollback", "1"});
    local.kill_safe();
    CHECK(local.inspect("billing").out == "one\n");
    local.sentinel({"-w", "billing", "-d"});
    local.kill_safe();
    CHECK(local.inspect("billing").status == 6);
    CHECK(local.sentinel({"-w", "billing", "--versions"}).starts_with("5  "));
    local.sentinel({"-w", "billing", "--undelete"});
    local.kill_safe();
    CHECK(local.inspect("billing").out == "one\n");
    local.sentinel({"-w", "billing", "--rollback", "3"});
    CHECK(local.inspect("billing").out == "three\n");
}

TEST_CASE("of many that saw the same version, one replaces it") {
    test::system local;
    local.sentinel({"-w", "billing", "-s", "0", "--if-version", "0"});
    for (int version = 1; version <= 3; ++version) {
        std::vector<test::process> racers;
        for (int i = 0; i < 6; ++i) {
            auto const own = std::to_string(10 * version + i);
            racers.push_back(local.launch("vsecm-sentinel", {"sentinel", "-w", "billing", "-s", own, "--if-version", std::to_string(version)}, "racer" + own));
        }
        std::string winner;
        for (int i = 0; i < 6; ++i) {
            auto& racer = racers[static_cast<std::size_t>(i)];
            auto const status = racer.wait(seconds{20});
            if (status == 0) {
                CHECK(winner.empty());
                winner = std::to_string(10 * version + i) + "\n";
            } else {
                CHECK(status == 2);
                CHECK(racer.err().contains(std::format("version {} was expected, it is {}", version, version + 1)));
            }
        }
        CHECK_FALSE(winner.empty());
        CHECK(local.inspect("billing").out == winner);
    }
}

TEST_CASE("Q30 Q31: probes tell the truth, and SIGTERM is an orderly end") {
    test::system local;
    for (auto const* target : {"/", "/healthz", "/livez"}) CHECK(plain_get(local.port("live"), target).status == 200);
    for (auto const* target : {"/", "/readyz"}) CHECK(plain_get(local.port("ready"), target).status == 200);
    auto safe = local.launch("vsecm-safe", {"safe"}, "second", {{"VSECM_SAFE_DATA_PATH", local.scratch("data2")},
                                                                  {"VSECM_ROOT_KEY_PATH", local.scratch("key2")},
                                                                  {"VSECM_SAFE_ROOT_KEY_STORE", "file"},
                                                                  {"VSECM_SAFE_TLS_PORT", "127.0.0.1:0"},
                                                                  {"VSECM_PROBE_LIVENESS_PORT", "127.0.0.1:0"},
                                                                  {"VSECM_PROBE_READINESS_PORT", "127.0.0.1:0"},
                                                                  {"VSECM_SAFE_PORTS_FILE", local.scratch("ports2")}});
    REQUIRE(test::eventually(seconds{10}, [&] { return std::filesystem::exists(local.scratch("ports2")); }));
    safe.signal(SIGTERM);
    CHECK(safe.wait(seconds{10}) == 0);
}

TEST_CASE("Q63: a second safe on the same data folder is refused, and says so") {
    test::system local;
    auto second = local.launch("vsecm-safe", {"safe"}, "second", {{"VSECM_SAFE_DATA_PATH", local.path("data")},
                                                                    {"VSECM_ROOT_KEY_PATH", local.path("root-key")},
                                                                    {"VSECM_SAFE_ROOT_KEY_STORE", "file"},
                                                                    {"VSECM_SAFE_TLS_PORT", "127.0.0.1:0"},
                                                                    {"VSECM_PROBE_LIVENESS_PORT", "127.0.0.1:0"},
                                                                    {"VSECM_PROBE_READINESS_PORT", "127.0.0.1:0"}});
    CHECK(second.wait(seconds{15}) == 1);
    INFO(second.err());
    CHECK(second.err().contains("another"));
}

TEST_CASE("Q7: without its root key safe does not start on old data, and changes nothing") {
    test::system local;
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    local.stop_dev();
    std::filesystem::rename(local.path("root-key"), local.path("root-key.away"));
    auto const before = test::slurp(local.path("data/billing.age"));
    test::process dev({test::vsecm_binary(), "dev", "--dir", local.path("")}, {{{"PATH", "/usr/bin:/bin"}}, {}, local.scratch(""), "again"});
    CHECK(dev.wait(seconds{20}) != 0);
    INFO(dev.err());
    CHECK(dev.err().contains("VSECM_ROOT_KEY_PATH"));
    CHECK(test::slurp(local.path("data/billing.age")) == before);
    CHECK_FALSE(std::filesystem::exists(local.path("root-key")));
    std::filesystem::rename(local.path("root-key.away"), local.path("root-key"));
    local.start_dev();
    CHECK(local.inspect("billing").out == "TopSecret\n");
}

TEST_CASE("a root key of another system opens nothing: safe says which key it has and does not become ready") {
    test::system local;
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    local.stop_dev();
    auto const before = test::slurp(local.path("data/billing.age"));
    auto const other = test::run({test::vsecm_binary(), "keygen"}, {{}, {}, local.scratch(""), "keygen"});
    std::ofstream(local.path("root-key")) << other.out;
    test::process dev({test::vsecm_binary(), "dev", "--dir", local.path("")}, {{{"PATH", "/usr/bin:/bin"}}, {}, local.scratch(""), "again"});
    CHECK(dev.wait(seconds{20}) != 0);
    INFO(dev.err());
    CHECK(dev.err().contains("key"));
    CHECK(test::slurp(local.path("data/billing.age")) == before);
}

TEST_CASE("a damaged file is never lost and never silent: 503, listed as damaged, until it is written again") {
    test::system local({"billing", "shipping"});
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    local.sentinel({"-w", "shipping", "-s", "Parcel"});
    local.stop_dev();
    auto text = test::slurp(local.path("data/billing.age"));
    std::ofstream(local.path("data/billing.age"), std::ios::binary) << text.substr(0, text.size() / 2);
    local.start_dev();
    auto const refused = local.inspect("billing");
    CHECK(refused.status == 2);
    CHECK(refused.err.contains("damaged"));
    CHECK(local.inspect("shipping").out == "Parcel\n");
    CHECK(local.sentinel({"-l"}).contains("damaged"));
    local.kill_safe();
    CHECK(local.inspect("billing").status == 2);
    local.sentinel({"-w", "billing", "-s", "Anew"});
    CHECK(local.inspect("billing").out == "Anew\n");
}
