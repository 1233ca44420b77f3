// Dates that decide what a workload receives (VSECM_SAFE_ENFORCE_DATES), with real clocks and dates a few seconds ahead.
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <chrono>
#include <ctime>
#include <filesystem>

using namespace vsecm;
using test::eventually, test::slurp;
using std::chrono::seconds, std::chrono::system_clock;

namespace {

constexpr seconds patience{20};
test::environment_map const enforced{{"VSECM_SAFE_ENFORCE_DATES", "true"}};

// Whole seconds: so many ahead is up to one less.
std::string in(seconds time) {
    auto const t = system_clock::to_time_t(system_clock::now() + time);
    char text[32];
    std::tm parts{};
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", ::gmtime_r(&t, &parts));
    return text;
}

}  // namespace

TEST_CASE("the sidecar's file has the secret from the one date to the other, without anybody asking") {
    test::system local({"billing"}, enforced);
    auto const file = local.path("secrets/billing.json");
    auto const holds = [&](std::string const& content) { return eventually(patience, [&] { return std::filesystem::exists(file) && slurp(file) == content; }); };
    // Held for longer than this test takes: what wakes it are the dates.
    auto sidecar = local.launch("billing", {"sidecar"}, "sidecar", {{"VSECM_SIDECAR_WAIT", "60s"}, {"VSECM_SIDECAR_POLL_INTERVAL", "60000"}});
    auto const from = in(seconds{3}), until = in(seconds{6});
    local.sentinel({"-w", "billing", "-s", "Brief", "-N", from, "-E", until});
    auto const early = local.inspect("billing");
    CHECK(early.status == 6);
    CHECK(early.err.contains("not"));
    CHECK(holds("Brief"));
    CHECK(in(seconds{0}) >= from);
    CHECK(local.inspect("billing").out.contains("Brief"));
    CHECK(holds(""));
    CHECK(in(seconds{0}) >= until);
    CHECK(sidecar.says("expired", patience));
    CHECK(local.inspect("billing").status == 6);
    CHECK(local.sentinel({"-l"}).contains(until));
    // A later write is a secret again.
    local.sentinel({"-w", "billing", "-s", "Anew"});
    CHECK(holds("Anew"));
}

TEST_CASE("an init container waits for the date; after a restart safe still knows it") {
    test::system local({"billing"}, enforced);
    local.sentinel({"-w", "billing", "-s", "Soon", "-N", in(seconds{4})});
    local.kill_safe();
    CHECK(local.inspect("billing").status == 6);
    auto init = local.launch("billing", {"init"}, "init", {{"VSECM_INIT_CONTAINER_POLL_INTERVAL", "100"}});
    CHECK(init.wait(patience) == 0);
    CHECK(local.inspect("billing").out.contains("Soon"));
}

TEST_CASE("by default dates are stored and listed, and hide nothing") {
    test::system local;
    local.sentinel({"-w", "billing", "-s", "There", "-N", "2042-10-12T08:21:51.53Z", "-E", "2043-10-12T08:21:51.53Z"});
    CHECK(local.inspect("billing").out.contains("There"));
    auto const list = local.sentinel({"-l"});
    CHECK(list.contains("\"notBefore\":\"2042-10-12T08:21:51Z\""));
    CHECK(list.contains("\"expiresAfter\":\"2043-10-12T08:21:51Z\""));
    for (std::string const bad : {"tomorrow", "2042-10-12", "2042-10-12 08:21:51Z", "2042-13-12T08:21:51Z", "2042-10-12T08:21:51", "2042-10-12T25:21:51Z"}) {
        auto const refused = local.run("vsecm-sentinel", {"sentinel", "-w", "billing", "-s", "Other", "-E", bad});
        CHECK(refused.status == 1);
        CHECK(refused.err.contains("-E takes"));
    }
    CHECK(local.inspect("billing").out.contains("There"));
}
