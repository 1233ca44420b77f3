// The folder of `vsecm dev`: whose it may be, and who runs in it.
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fcntl.h>
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
    test::process add(std::string const& name) const {
        return test::process({test::vsecm_binary(), "dev", "add", "--dir", folder, name}, {{}, {}, around.path(), "add-" + name});
    }
    // Numbers of processes that crashed runs may have left.
    void leave_behind(::pid_t number) const {
        for (auto const* name : {"/dev.pid", "/dev.lock"}) std::ofstream(folder + name) << number << "\n";
    }
    bool has_runner() const {
        int const fd = ::open((folder + "/dev.lock").c_str(), O_RDWR | O_CLOEXEC);
        struct ::flock lock {};
        lock.l_type = F_WRLCK;
        bool const held = fd >= 0 && ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
        if (fd >= 0) ::close(fd);
        return held;
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

TEST_CASE("`dev add` never signals a process that is no dev: a number left by a crash may be anybody's") {
    scene s;
    test::process bystander({"/bin/sleep", "60"}, {{}, {}, s.around.path(), "bystander"});
    s.leave_behind(bystander.pid());
    CHECK(s.add("billing").wait(seconds{20}) == 5);
    CHECK(bystander.running());
    bystander.signal(SIGTERM);
    CHECK(bystander.wait(seconds{5}) == 128 + SIGTERM);
}

TEST_CASE("nor while a dev starts, which takes up what is added meanwhile") {
    scene s;
    test::process bystander({"/bin/sleep", "60"}, {{}, {}, s.around.path(), "bystander"});
    s.leave_behind(bystander.pid());
    auto dev = s.dev();
    REQUIRE(test::eventually(seconds{20}, [&] { return s.has_runner(); }));
    std::vector<test::process> adding;
    for (int i = 0; i < 8; ++i) adding.push_back(s.add("w" + std::to_string(i)));
    for (auto& each : adding) {
        CHECK(each.wait(seconds{60}) == 0);
        CHECK(each.err() == "");
    }
    CHECK(dev.running());
    for (int i = 0; i < 8; ++i) {
        CHECK(test::slurp(s.folder + "/workloads").contains("w" + std::to_string(i) + ":default\n"));
        CHECK(std::filesystem::exists(s.folder + "/identity/w" + std::to_string(i) + ".sock"));
    }
    CHECK(bystander.running());
    bystander.signal(SIGTERM);
    CHECK(bystander.wait(seconds{5}) == 128 + SIGTERM);
    dev.signal(SIGTERM);
    CHECK(dev.wait(seconds{20}) == 0);
}

TEST_CASE("a second dev in the folder is refused, and so is `dev add` after the first has ended") {
    scene s;
    auto first = s.dev("first");
    REQUIRE(first.says("vsecm dev is ready", seconds{20}));
    auto second = s.dev("second");
    CHECK(second.wait(seconds{20}) != 0);
    CHECK(second.err().contains("another `vsecm dev` runs in this folder"));
    CHECK(s.add("shipping").wait(seconds{20}) == 0);
    first.signal(SIGKILL);
    CHECK(first.wait(seconds{20}) == 128 + SIGKILL);
    auto late = s.add("late");
    CHECK(late.wait(seconds{20}) == 5);
    CHECK(late.err().contains("no `vsecm dev` runs in"));
    CHECK_FALSE(test::slurp(s.folder + "/workloads").contains("late"));
}

TEST_CASE("a lock that cannot be taken for another reason is not somebody else's") {
    scene s;
    std::filesystem::create_directory(s.folder + "/dev.lock");
    CHECK(s.refusal(1).contains("locking " + s.folder + "/dev.lock: Is a directory"));
}

TEST_CASE("a name is one identity's: neither the same in another namespace nor that of a part of the system is added") {
    scene s;
    {
        auto dev = s.dev();
        REQUIRE(dev.says("vsecm dev is ready", seconds{20}));
        auto const before = test::slurp(s.folder + "/workloads");
        for (auto const* name : {"billing:prod", "vsecm-safe", "vsecm-sentinel:default"}) {
            INFO(name);
            auto refused = s.add(name);
            CHECK(refused.wait(seconds{20}) != 0);
            CHECK(refused.out().empty());
            CHECK(refused.err().contains("choose another name"));
        }
        CHECK(s.add("billing").wait(seconds{20}) == 0);  // is there
        CHECK(test::slurp(s.folder + "/workloads") == before);
        CHECK(s.add("shipping").wait(seconds{20}) == 0);
        dev.signal(SIGTERM);
        CHECK(dev.wait(seconds{20}) == 0);
    }
    auto again = s.dev("again");
    CHECK(again.says("vsecm dev is ready", seconds{20}));
}

TEST_CASE("an entry that cannot be served does not keep the others from it") {
    scene s;
    auto dev = s.dev();
    REQUIRE(dev.says("vsecm dev is ready", seconds{20}));
    std::ofstream(s.folder + "/workloads", std::ios::app) << "billing:prod\n";  // by hand
    CHECK(s.add("shipping").wait(seconds{20}) == 0);
    CHECK(dev.err().contains("workload_not_served name=billing namespace=prod"));
    dev.signal(SIGTERM);
    CHECK(dev.wait(seconds{20}) == 0);
    auto again = s.dev("again");
    CHECK(again.says("vsecm dev is ready", seconds{20}));
    CHECK(again.err().contains("workload_not_served name=billing namespace=prod"));
    CHECK(test::slurp(s.folder + "/env/shipping").contains("export SPIFFE_ENDPOINT_SOCKET"));
}

TEST_CASE("`dev add` while a dev starts waits for what that one writes, not for what an earlier one has") {
    scene s;
    {
        auto first = s.dev("first");
        REQUIRE(first.says("vsecm dev is ready", seconds{20}));
        first.signal(SIGTERM);
        CHECK(first.wait(seconds{20}) == 0);
    }
    std::ofstream(s.folder + "/env/billing") << "of an earlier run";
    auto second = s.dev("second");
    REQUIRE(test::eventually(seconds{20}, [&] { return s.has_runner(); }));
    CHECK(s.add("billing").wait(seconds{20}) == 0);
    CHECK(test::slurp(s.folder + "/env/billing").contains("export SPIFFE_ENDPOINT_SOCKET"));
}
