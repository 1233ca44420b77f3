#include "base/child_process.hpp"

#include "base/file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace vsecm::base;

TEST_CASE("a child gets exactly its arguments and environment, and its status comes back") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    unique_fd reader{ends[0]}, writer{ends[1]};
    child_options options;
    options.argv = {"sh", "-c", "printf '%s|%s|%s' \"$1\" \"$GIVEN\" \"$HOME\"; exit 7", "sh", "a b"};
    options.environment = {"GIVEN=yes"};
    options.out = writer.get();
    auto child = child_process::start("/bin/sh", options);
    REQUIRE(child);
    writer.reset();
    char text[64];
    auto const n = ::read(reader.get(), text, sizeof text);
    CHECK(std::string(text, static_cast<std::size_t>(n)) == "a b|yes|");
    CHECK(child->wait() == 7);
    CHECK(child->ended() == 7);
}

TEST_CASE("a child has the mask of new files' modes that it is to have, or ours") {
    for (auto const& [wanted, expected] : {std::pair<std::optional<::mode_t>, std::string>{027, "0027\n"}, {std::nullopt, "0077\n"}}) {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        unique_fd const reader{ends[0]}, writer{ends[1]};
        child_options options;
        options.argv = {"sh", "-c", "umask"};
        options.out = writer.get();
        options.umask = wanted;
        auto const before = ::umask(077);
        auto child = child_process::start("/bin/sh", options);
        ::umask(before);
        REQUIRE(child);
        char text[16];
        auto const n = ::read(reader.get(), text, sizeof text);
        CHECK(std::string(text, static_cast<std::size_t>(n)) == expected);
        CHECK(child->wait() == 0);
    }
}

TEST_CASE("a program that cannot be executed is an error, not a child") {
    child_options options;
    options.argv = {"nothing"};
    CHECK(child_process::start("/nonexistent/nothing", options).error().code == errc::unavailable);
}

TEST_CASE("what a child of a group of its own has started ends with it") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    unique_fd reader{ends[0]}, writer{ends[1]};
    child_options options;
    options.argv = {"sh", "-c", "sleep 100 & echo; wait"};
    options.out = writer.get();
    options.own_group = true;
    {
        auto child = child_process::start("/bin/sh", options);
        REQUIRE(child);
        CHECK(::getpgid(child->pid()) == child->pid());
        auto const moved = std::move(*child);
        writer.reset();
        char started = 0;
        CHECK(::read(reader.get(), &started, 1) == 1);
    }
    // The pipe ends when the last that can write to it has ended.
    ::pollfd asked{reader.get(), POLLIN, 0};
    REQUIRE(::poll(&asked, 1, 20'000) == 1);
    CHECK((asked.revents & POLLHUP) != 0);
}

TEST_CASE("a signal shows in the status, and a child does not outlive its owner") {
    child_options options;
    options.argv = {"sleep", "100"};
    auto first = child_process::start("/bin/sleep", options);
    REQUIRE(first);
    CHECK_FALSE(first->ended());
    first->send_signal(SIGTERM);
    CHECK(first->wait() == 128 + SIGTERM);
    ::pid_t pid = -1;
    {
        auto second = child_process::start("/bin/sleep", options);
        REQUIRE(second);
        pid = second->pid();
    }
    CHECK(::kill(pid, 0) != 0);
}
