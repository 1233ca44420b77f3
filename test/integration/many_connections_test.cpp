// Ten thousand sidecars hold a connection each: what an idle one costs safe, that all are served, and what happens to
// one more than the limit.
#include "integration/caller.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/resource.h>

#include <algorithm>

using namespace vsecm;
using std::chrono::seconds;

namespace {

constexpr char own[] = "/workload/v1/secrets";

// As many files as the system lets us have; safe inherits it.
std::size_t raise_file_limit() {
    ::rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<std::size_t>(limit.rlim_cur);
}

long anonymous_kilobytes(::pid_t pid) {
    auto const text = test::slurp("/proc/" + std::to_string(pid) + "/status");
    auto const at = text.find("RssAnon:");
    return at == std::string::npos ? -1 : std::atol(text.c_str() + at + 8);
}

// A number of `safe status --output json`.
std::size_t counted(test::system& local, std::string const& what) {
    auto const text = local.sentinel({"status", "--output", "json"});
    auto const at = text.find("\"" + what + "\":");
    return at == std::string::npos ? 0 : static_cast<std::size_t>(std::atol(text.c_str() + at + what.size() + 3));
}

}  // namespace

TEST_CASE("ten thousand idle connections are served, for at most 40 kB of safe's memory each") {
#ifdef VSECM_SANITIZED
    std::size_t wanted = 500;
#else
    std::size_t wanted = 10'000;
#endif
    auto const files = raise_file_limit();
    if (files < wanted + 500) {
        wanted = files > 1000 ? files - 500 : files / 2;
        WARN("only " << wanted << " connections: the limit of open files is " << files);
    }
    // The classic key exchange: the hybrid one costs both ends of this test twice the time, and is tested elsewhere.
    test::system local({"billing"}, {{"VSECM_TLS_GROUPS", "X25519"}, {"VSECM_SAFE_IDLE_TIMEOUT", "10m"}});
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    auto env = local.environment_of("billing");
    env["VSECM_TLS_GROUPS"] = "X25519";
    test::caller crowd(env);
    auto const warm = std::min<std::size_t>(wanted / 10, 200);  // what is allocated once
    REQUIRE(crowd.open_idle(warm, seconds{60}) == warm);
    auto const before = anonymous_kilobytes(local.safe_pid());
    auto const began = std::chrono::steady_clock::now();
    auto const opened = crowd.open_idle(wanted - warm, seconds{150});
    auto const took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    auto const grown = anonymous_kilobytes(local.safe_pid()) - before;
    INFO(opened << " connections in " << took << " s; safe grew by " << grown << " kB");
    CHECK(opened == wanted - warm);
    CHECK(counted(local, "connections") >= wanted);
#ifndef VSECM_SANITIZED
    CHECK(grown <= 40 * static_cast<long>(opened));
    CHECK(took < 120);
#endif
    // Old ones and new ones are answered, and pushing still works in the crowd.
    CHECK(crowd.num_idle_answering(100) == 100);
    test::caller watcher(env);
    auto const first = watcher.get(own);
    REQUIRE(first.status == 200);
    local.sentinel({"-w", "billing", "-s", "Changed"});
    auto const next = watcher.get(std::string(own) + "?wait=10", {{"If-None-Match", first.etag}});
    CHECK(next.status == 200);
    CHECK(next.body.contains("Changed"));
    CHECK(crowd.num_idle_answering(1) == 1);
    // All of them go, and so does what they held.
    crowd.close_idle(wanted);
    CHECK(test::eventually(seconds{30}, [&] { return counted(local, "connections") < 10; }));
}

TEST_CASE("one connection more than the limit is closed at once, and has its turn when another goes") {
    constexpr std::size_t limit = 50;
    test::system local({"billing", "shipping"}, {{"VSECM_SAFE_MAX_CONNECTIONS", std::to_string(limit)}});
    local.sentinel({"-w", "billing", "-w", "shipping", "-s", "TopSecret"});
    auto const env = local.environment_of("shipping");
    test::caller greedy(local.environment_of("billing")), crowd(env);
    REQUIRE(test::eventually(seconds{20}, [&] { return test::caller(env).get(own).status == 200; }));
    // One identity gets three quarters, another the rest.
    auto const share = greedy.open_idle(limit, seconds{60});
    CHECK(share > limit / 2);
    CHECK(share < limit - 8);
    CHECK(crowd.open_idle(10, seconds{60}) == 10);
    REQUIRE(test::eventually(seconds{20}, [&] { return crowd.open_idle(1, seconds{20}) == 0; }));  // full now
    test::caller late(env);
    auto const began = std::chrono::steady_clock::now();
    auto const refused = late.send("GET", own, {}, {}, seconds{10});
    CHECK(refused.status == 0);
    CHECK(std::chrono::steady_clock::now() - began < seconds{5});
    CHECK(refused.error.starts_with("unavailable"));
    CHECK(crowd.num_idle_answering(10) == 10);
    crowd.close_idle(5);
    CHECK(test::eventually(seconds{20}, [&] { return late.get(own).status == 200; }));
    CHECK(late.get(own).body.contains("TopSecret"));
    CHECK(test::plain_get(local.port("live"), "/livez").status == 200);
}

TEST_CASE("a watcher that leaves is counted as one that left, and not as a failure of safe") {
    test::system local;
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    test::caller watcher(local.environment_of("billing"));
    auto const first = watcher.get(own);
    REQUIRE(first.status == 200);
    CHECK(watcher.send("GET", std::string(own) + "?wait=60", {}, {{"If-None-Match", first.etag}}, seconds{1}).status == 0);
    watcher.drop_connection();
    auto const metrics = [&] { return test::plain_get(local.port("live"), "/metrics").body; };
    CHECK(test::eventually(seconds{20}, [&] { return metrics().contains("vsecm_http_held_requests_total{route=\"fetch\",code=\"499\"} 1\n"); }));
    CHECK_FALSE(metrics().contains("code=\"503\""));
}
