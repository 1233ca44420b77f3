// SIGKILL in the middle of writing, again and again: what was acknowledged is there afterwards, whole, and nothing is
// half there. Safe is killed by the test and started again by `vsecm dev`, on the same folder.
#include "integration/caller.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>

using namespace vsecm;
using std::chrono::seconds, std::chrono::milliseconds;

namespace {

#ifdef VSECM_SANITIZED
constexpr int num_kills = 8;
#else
constexpr int num_kills = 50;
#endif
constexpr std::size_t num_writers = 4;
constexpr std::size_t padding_len = 3000;

// "NUMBER:" and a padding that depends on the number, so that a torn or mixed value cannot pass.
std::string value_of(std::uint64_t number) {
    std::string text = std::to_string(number) + ":";
    for (std::size_t i = 0; i < padding_len; ++i) text += static_cast<char>('a' + (number * 31 + i * 7) % 26);
    return text;
}
std::optional<std::uint64_t> number_of(std::string const& value) {
    auto const number = std::strtoull(value.c_str(), nullptr, 10);
    if (value != value_of(number)) return std::nullopt;
    return number;
}

std::string upsert_body(std::string const& names, std::string const& value) {
    return R"({"workloads":[)" + names + R"(],"namespaces":["default"],"value":")" + value + R"(","format":"json"})";
}

// Writes ever higher numbers to its names, all names in one request, until told to stop. A request that was not
// answered may have been carried out or not; the next one has a higher number.
struct writer {
    writer(test::system const& local, std::string quoted_names) : names(std::move(quoted_names)), where(local), operator_(local.environment_of("vsecm-sentinel")) {}

    void work(std::atomic<bool> const& stop) {
        while (!stop) {
            auto const number = ++attempted;
            auto const given = operator_.send("POST", "/sentinel/v1/secrets", upsert_body(names, value_of(number)), {}, seconds{5});
            if (given.status == 200) acknowledged = number;
            else if (given.status != 0 && given.status != 503) unexpected = std::to_string(given.status) + " " + given.body;
            else {
                std::this_thread::sleep_for(milliseconds{2});  // safe is away: not a busy loop
                operator_.move_to(where.port("api"));
            }
        }
    }

    std::string names;
    test::system const& where;
    test::caller operator_;
    std::atomic<std::uint64_t> attempted{0}, acknowledged{0};
    std::string unexpected;  // read after the thread has ended
};

// What the identity receives, as the number in it.
std::uint64_t stored_number(test::caller& workload, unsigned port) {
    workload.move_to(port);
    auto const given = workload.get("/workload/v1/secrets");
    INFO(given.status << " " << given.error << " " << given.body.substr(0, 80));
    if (given.status == 404) {
        CHECK(given.reason == "absent");
        return 0;
    }
    REQUIRE(given.status == 200);
    auto const at = given.body.find(R"("data":")");
    REQUIRE(at != std::string::npos);
    auto const end = given.body.find('"', at + 8);
    auto const number = number_of(given.body.substr(at + 8, end - at - 8));
    REQUIRE(number.has_value());
    return *number;
}

}  // namespace

TEST_CASE("SIGKILL under load: no acknowledged write is lost, no value torn, no request half visible") {
    std::vector<std::string> workloads;
    for (std::size_t i = 0; i < num_writers; ++i) workloads.insert(workloads.end(), {"left-" + std::to_string(i), "right-" + std::to_string(i)});
    test::system local(workloads, {{"VSECM_LOG_LEVEL", "2"}});
    std::vector<test::caller> readers;
    for (auto const& name : workloads) readers.emplace_back(local.environment_of(name));
    std::vector<std::unique_ptr<writer>> writers;
    // The even writers write one name (left) each, the odd ones two names in one request.
    for (std::size_t i = 0; i < num_writers; ++i) {
        auto const n = std::to_string(i);
        writers.push_back(std::make_unique<writer>(local, i % 2 == 0 ? "\"left-" + n + "\"" : "\"left-" + n + "\",\"right-" + n + "\""));
    }

    std::mt19937 random{20240229};
    std::atomic<bool> stop{false};
    std::vector<std::jthread> threads;
    for (auto& w : writers) threads.emplace_back([&w, &stop] { w->work(stop); });

    std::uint64_t before = 0;
    for (int kill = 0; kill < num_kills; ++kill) {
        INFO("kill " << kill);
        // Each round has writes to lose: it waits for some, then strikes at an arbitrary moment of the next ones.
        REQUIRE(test::eventually(seconds{20}, [&] { return writers[0]->acknowledged + writers[1]->acknowledged > before + 4; }));
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 20'000});
        local.kill_safe();
        // Noted before the reading: what is stored now may be newer, never older.
        for (std::size_t i = 0; i < num_writers; ++i) {
            auto const acknowledged = writers[i]->acknowledged.load();
            auto const port = local.port("api");
            auto const left = stored_number(readers[2 * i], port);
            CHECK(left >= acknowledged);
            CHECK(left <= writers[i]->attempted.load());
            if (i % 2 == 0) continue;
            // One commit: whoever reads the right one later sees at least what the left one showed.
            auto const right = stored_number(readers[2 * i + 1], port);
            CHECK(right >= left);
        }
        before = writers[0]->acknowledged + writers[1]->acknowledged;
    }

    // At rest, after a last kill, both names of a request are exactly equal.
    ::kill(local.safe_pid(), SIGKILL);
    stop = true;
    threads.clear();
    for (auto const& w : writers) CHECK(w->unexpected == "");
    local.wait_until_ready();
    for (std::size_t i = 0; i < num_writers; ++i) {
        auto const left = stored_number(readers[2 * i], local.port("api"));
        CHECK(left >= writers[i]->acknowledged);
        if (i % 2 == 1) CHECK(stored_number(readers[2 * i + 1], local.port("api")) == left);
    }

    local.stop_dev();
    auto const opened = test::run({test::vsecm_binary(), "keygen", "--decrypt", "--root-key", local.path("root-key"), "--data", local.path("data")},
                                  {{{"PATH", "/usr/bin:/bin"}}, {}, local.scratch(""), "keygen"});
    CHECK(opened.err == "");
    CHECK(opened.status == 0);
    for (auto const& name : workloads)
        if (!name.starts_with("right-") || std::atoi(name.c_str() + 6) % 2 == 1) CHECK(opened.out.contains("Name: " + name + "\n"));
    CHECK(std::filesystem::is_empty(local.path("data/quarantine")));
    for (auto const& entry : std::filesystem::directory_iterator(local.path("data"))) {
        INFO(entry.path().filename().string());  // what a killed batch left aside is cleared at the next start
        CHECK_FALSE(entry.path().filename().string().contains("tmp"));
    }
}
