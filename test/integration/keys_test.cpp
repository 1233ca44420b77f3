// The root key in an operator's hands: given, kept, rotated, forgotten.
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

using namespace vsecm;
using std::chrono::seconds;

namespace {

// What `vsecm keygen` prints, without the empty line before and after.
std::string new_key(test::system const& local) {
    auto const made = test::run({test::vsecm_binary(), "keygen"}, {{}, {}, local.scratch(""), "keygen"}).out;
    return made.substr(1, made.size() - 3);
}

test::finished give(test::system& local, std::string const& key) { return local.run("vsecm-sentinel", {"sentinel", "-i", "-"}, key); }

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
