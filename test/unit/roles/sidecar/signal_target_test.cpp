#include "roles/sidecar/signal_target.hpp"

#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace vsecm;
using namespace roles::sidecar;

namespace {

constexpr ::pid_t nobody = 1 << 22;  // Linux gives no process such a number
// Numbers from here on, of processes that are not this one.
::pid_t const first = ::getpid() < 500 ? 1'000 : 100;

// A /proc of our own.
struct scene {
    test::temp_folder folder;

    void process(int number, std::string const& kernel_name, int parent, std::string const& command = {}, char state = 'S') {
        auto const path = folder / std::to_string(number);
        std::filesystem::create_directory(path);
        std::ofstream(path + "/stat") << number << " (" << kernel_name << ") " << state << " " << parent << " 1 1 0 -1 4194304";
        std::ofstream(path + "/cmdline", std::ios::binary) << command;
    }
    std::vector<::pid_t> find(std::string_view name) {
        auto found = find_processes(folder.path(), name);
        if (!found) return {};
        std::ranges::sort(*found);
        return *found;
    }
    base::result<::pid_t> read(std::string_view text) {
        std::ofstream(folder / "pid", std::ios::binary) << text;
        return read_pid_file(folder / "pid");
    }
};

}  // namespace

TEST_CASE("a process is found by the kernel's name of it, or by its first argument") {
    scene s;
    s.process(first + 10, "nginx", 1, std::string("nginx: master\0", 14));
    s.process(first + 20, "python3", 1, std::string("/usr/bin/app\0--x\0", 17));
    s.process(first + 30, "a) S 1 (b", 1);
    s.process(first + 40, "a-name-of-many-", 1, std::string("/bin/a-name-of-many-letters\0", 28));
    CHECK(s.find("nginx") == std::vector<::pid_t>{first + 10});
    CHECK(s.find("app") == std::vector<::pid_t>{first + 20});
    CHECK(s.find("a) S 1 (b") == std::vector<::pid_t>{first + 30});
    CHECK(s.find("a-name-of-many-letters") == std::vector<::pid_t>{first + 40});
    CHECK(s.find("ngin").empty());
    CHECK(find_processes(s.folder.path(), "ngin").error().code == base::errc::not_found);
}

TEST_CASE("of a family the eldest, never one that has ended, never ourselves") {
    scene s;
    s.process(first + 10, "nginx", 1);
    s.process(first + 11, "nginx", first + 10);
    s.process(first + 12, "nginx", first + 11);
    s.process(first + 50, "nginx", 1);
    s.process(first + 60, "nginx", 1, {}, 'Z');
    s.process(::getpid(), "nginx", 1);
    CHECK(s.find("nginx") == std::vector<::pid_t>{first + 10, first + 50});
}

TEST_CASE("a pid file holds one number of another process") {
    scene s;
    CHECK(s.read(std::to_string(first) + "\n").value() == first);
    CHECK(s.read(" \t1 \n").value() == 1);
    for (auto const* bad : {"", "\n", "0", "-1", "+", "1 2", "12x", "99999999999", "0x10"}) {
        INFO(bad);
        CHECK(s.read(bad).error().code == base::errc::invalid);
    }
    CHECK(s.read(std::to_string(::getpid())).error().code == base::errc::invalid);
    CHECK(s.read(std::string(100, '1')).error().code == base::errc::too_large);
    CHECK(read_pid_file(s.folder / "none").error().code == base::errc::not_found);
}

TEST_CASE("of several, one that cannot be signalled keeps it from no other, and makes nobody get it twice") {
    CHECK(send_signal_to_all(std::vector<::pid_t>{nobody, ::getpid()}, 0));
    CHECK(send_signal_to_all(std::vector<::pid_t>{::getpid(), nobody}, 0));
    CHECK(send_signal_to_all(std::vector<::pid_t>{nobody, nobody}, 0).error().code == base::errc::not_found);
}

TEST_CASE("a process that is not there is told apart") { CHECK(send_signal(nobody, 0).error().code == base::errc::not_found); }
