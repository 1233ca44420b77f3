// What a process holds open while it asks again and again: one connection to the Workload API, and no more of anything.
#include "integration/scripted_safe.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

using namespace vsecm;
using test::eventually;
using std::chrono::seconds;

namespace {

constexpr seconds patience{20};

// Inodes of the UNIX sockets of this machine.
std::set<std::string> unix_sockets() {
    std::set<std::string> inodes;
    std::ifstream table("/proc/net/unix");
    std::string line, inode;
    std::getline(table, line);  // the heading
    while (std::getline(table, line)) {
        std::istringstream words(line);
        for (int column = 0; column < 7; ++column) words >> inode;
        inodes.insert(inode);
    }
    return inodes;
}

struct holding {
    std::size_t num_descriptors = 0;
    std::set<std::string> workload_api;  // its connections, by inode: a new one would be another
};

// Inodes of the sockets among a process's descriptors, one entry a descriptor; empty for all else.
std::vector<std::string> descriptors_of(std::string const& pid) {
    std::vector<std::string> inodes;
    std::error_code gone;
    for (auto const& entry : std::filesystem::directory_iterator("/proc/" + pid + "/fd")) {
        auto const target = std::filesystem::read_symlink(entry.path(), gone).string();
        inodes.push_back(target.starts_with("socket:[") ? target.substr(8, target.size() - 9) : "");
    }
    return inodes;
}

holding held_by(test::process const& process) {
    holding now;
    auto const there = unix_sockets();
    auto const inherited = descriptors_of("self");  // a terminal of ours may be a socket
    for (auto const& inode : descriptors_of(std::to_string(process.pid()))) {
        ++now.num_descriptors;
        if (there.contains(inode) && std::ranges::find(inherited, inode) == inherited.end()) now.workload_api.insert(inode);
    }
    return now;
}

// What is held after a few requests, and after many more.
void holds_the_same(test::process const& process, test::scripted_safe const& safe) {
    REQUIRE(eventually(patience, [&] { return safe.num_fetches() >= 5; }));
    auto const before = held_by(process);
    REQUIRE(eventually(patience, [&] { return safe.num_fetches() >= 45; }));
    auto const after = held_by(process);
    CHECK(before.workload_api.size() == 1);
    CHECK(after.workload_api == before.workload_api);
    CHECK(after.num_descriptors <= before.num_descriptors + 2);  // a request under way
}

std::string url_of(test::scripted_safe const& safe) { return "https://127.0.0.1:" + std::to_string(safe.port()) + "/"; }

}  // namespace

TEST_CASE("Q38: polls share one connection to the Workload API") {
    test::system local;
    test::scripted_safe original(local.environment_of("vsecm-safe"), "");
    original.answer_fetch(200, R"({"data":"One","created":"","updated":""})");
    auto const sidecar = local.launch("billing", {"sidecar"}, "sidecar", {{"VSECM_SAFE_ENDPOINT_URL", url_of(original)}, {"VSECM_SIDECAR_POLL_INTERVAL", "50"}});
    holds_the_same(sidecar, original);
}

TEST_CASE("Q39: attempts to begin the init commands leave nothing behind") {
    test::system local;
    test::scripted_safe mute(local.environment_of("vsecm-safe"), "");  // answers all with 400, as an original without a root key
    std::ofstream(local.scratch("script")) << "w:billing\ns:x\n--\n";
    auto const sentinel = local.launch("vsecm-sentinel", {"sentinel", "serve"}, "serve",
                                       {{"VSECM_SAFE_ENDPOINT_URL", url_of(mute)}, {"VSECM_SENTINEL_INIT_COMMAND_PATH", local.scratch("script")},
                                        {"VSECM_PROBE_LIVENESS_PORT", "127.0.0.1:0"}, {"VSECM_BACKOFF_DELAY", "50"}, {"VSECM_BACKOFF_MAX_WAIT", "50"}});
    holds_the_same(sentinel, mute);
}
