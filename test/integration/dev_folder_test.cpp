// The folder of `vsecm dev`: whose it may be.
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace vsecm;
using std::chrono::seconds;

namespace {

constexpr ::uid_t stranger = 65534;

// `vsecm dev` on a folder that somebody prepared.
struct scene {
    test::temp_folder around;
    std::string folder = around / "play";

    scene() { std::filesystem::create_directory(folder); }

    test::process dev(std::string name = "dev") const {
        return test::process({test::vsecm_binary(), "dev", "--dir", folder, "--workload", "billing"}, {{{"PATH", "/usr/bin:/bin"}}, {}, around.path(), std::move(name)});
    }
    // What it says; nothing but the refusal happened.
    std::string refusal(int status = 2) const {
        auto started = dev();
        CHECK(started.wait(seconds{20}) == status);
        CHECK_FALSE(std::filesystem::exists(folder + "/root-key"));
        return started.err();
    }
    void give_away(std::string const& name) const { REQUIRE(::chown((folder + name).c_str(), stranger, stranger) == 0); }
};

}  // namespace

TEST_CASE("a folder of another user is refused: the system's keys would be his") {
    if (::geteuid() != 0) SKIP("only root can give a folder away");
    scene s;
    s.give_away("");
    CHECK(s.refusal().contains(s.folder + " belongs to another user (number 65534)"));
    CHECK(std::filesystem::is_empty(s.folder));
    auto const added = test::run({test::vsecm_binary(), "dev", "add", "--dir", s.folder, "billing"}, {{}, {}, s.around.path(), "add"});
    CHECK(added.status != 0);
    CHECK(std::filesystem::is_empty(s.folder));
}

TEST_CASE("a folder that others may write into is refused, and says what to type") {
    scene s;
    auto const below = GENERATE(as<std::string>{}, "", "/identity", "/data", "/env", "/secrets", "/log");
    auto const mode = GENERATE(0777U, 0775U, 01777U);
    std::filesystem::create_directory(s.folder + below);
    REQUIRE(::chmod((s.folder + below).c_str(), mode) == 0);
    auto const said = s.refusal();
    INFO(said);
    CHECK(said.contains("others may write into " + s.folder + below));
    CHECK(said.contains("chmod go-w " + s.folder + below));
}

TEST_CASE("what another user put there before the folder's mode was mended is refused too") {
    if (::geteuid() != 0) SKIP("only root can give a file away");
    scene s;
    auto const planted = GENERATE(as<std::string>{}, "/identity", "/identity/ca.pem", "/root-key", "/workloads", "/data/billing.age", "/env/billing", "/log/audit");
    auto const path = s.folder + planted;
    std::filesystem::create_directory(std::filesystem::path(path).parent_path());
    if (planted == "/identity") std::filesystem::create_directory(path);
    else std::ofstream(path) << "his";
    s.give_away(planted);
    auto started = s.dev();
    CHECK(started.wait(seconds{20}) == 2);
    CHECK(started.err().contains(path + " belongs to another user"));
}

TEST_CASE("a link in place of a part is refused: it leads where somebody else said") {
    scene s;
    std::filesystem::create_directory(s.around / "elsewhere");
    std::filesystem::create_directory_symlink(s.around / "elsewhere", s.folder + "/identity");
    CHECK(s.refusal(1).contains(s.folder + "/identity is not a folder"));
    CHECK(std::filesystem::is_empty(s.around / "elsewhere"));
}

TEST_CASE("a folder that others may read, and one behind a link of ours, are good") {
    scene s;
    REQUIRE(::chmod(s.folder.c_str(), 0755) == 0);
    std::filesystem::create_directory_symlink(s.folder, s.around / "link");
    s.folder = s.around / "link";
    for (auto const* name : {"first", "again"}) {
        auto dev = s.dev(name);
        CHECK(dev.says("vsecm dev is ready", seconds{20}));
        dev.signal(SIGTERM);
        CHECK(dev.wait(seconds{20}) == 0);
    }
}
