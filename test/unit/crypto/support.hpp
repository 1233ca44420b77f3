// Shared by the crypto tests: hex, temporary folders, real processes, and the sentence a failure begins with.
#pragma once

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/secret_text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace vsecm::crypto::test {

using namespace vsecm::base;
using bytes = std::vector<std::uint8_t>;

inline int const sodium_ready = sodium_init();

inline bytes unhex(std::string_view text) {
    bytes out(text.size() / 2);
    REQUIRE(hex_decode(text, out));
    return out;
}

inline bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

// Bytes without a pattern, the same for every run: a counter through a mixing function.
inline bytes noise(std::size_t len, std::uint64_t seed = 1) {
    bytes out(len);
    std::uint64_t state = seed * 0x9e3779b97f4a7c15;
    for (auto& b : out) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b = static_cast<std::uint8_t>(state >> 32);
    }
    return out;
}

class temp_folder {
public:
    temp_folder() {
        std::string pattern = "/tmp/vsecm-test-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    temp_folder(temp_folder const&) = delete;
    ~temp_folder() {
        ::nftw(path_.c_str(), [](char const* p, struct ::stat const*, int, struct ::FTW*) { return ::remove(p); }, 8, FTW_DEPTH | FTW_PHYS);
    }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    std::string path_;
};

inline void write_file(std::string const& path, byte_view content) {
    unique_fd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    REQUIRE(fd);
    while (!content.empty()) {
        auto const n = ::write(fd.get(), content.data(), content.size());
        REQUIRE(n > 0);
        content = content.subspan(static_cast<std::size_t>(n));
    }
}

inline bytes read_bytes(std::string const& path) {
    auto const text = read_file(path, std::size_t{1} << 30).value();
    return {text.bytes().begin(), text.bytes().end()};
}

// Runs a program to its end; its exit status. Standard output and error go to the files named, input is empty.
inline int run(std::vector<std::string> const& argv, std::string const& out = "/dev/null", std::string const& err = "/dev/null") {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    std::vector<char*> pointers;
    for (auto const& a : argv) pointers.push_back(const_cast<char*>(a.c_str()));
    pointers.push_back(nullptr);
    pid_t child = 0;
    int const failed = ::posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    INFO("starting " << argv[0]);
    REQUIRE(failed == 0);
    int state = 0;
    REQUIRE(::waitpid(child, &state, 0) == child);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

}  // namespace vsecm::crypto::test
