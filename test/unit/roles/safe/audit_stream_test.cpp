#include "roles/safe/audit_stream.hpp"

#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

using namespace vsecm;
using namespace vsecm::roles::safe;
using namespace std::chrono_literals;

namespace {

struct pipe_ends {
    pipe_ends() {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        reader = base::unique_fd(ends[0]);
        writer = base::unique_fd(ends[1]);
        std::signal(SIGPIPE, SIG_IGN);
    }
    base::unique_fd reader, writer;
};

// Everything up to the end, read by a thread of its own.
struct drained {
    explicit drained(int fd) : thread([this, fd] {
        char buffer[64 * 1024];
        for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    }) {}
    std::string text;
    std::jthread thread;
};

std::string line(int number, std::size_t len = 250) {
    auto text = std::to_string(number) + " ";
    text.append(len, 'x');
    text += '\n';
    return text;
}

// The numbers of the lines, each of which must be whole.
std::vector<int> numbers(std::string_view text) {
    std::vector<int> found;
    while (!text.empty()) {
        auto const end = text.find('\n');
        REQUIRE(end != text.npos);
        auto const one = text.substr(0, end);
        auto const number = std::stoi(std::string(one));
        auto const expected = line(number, one.size() - std::to_string(number).size() - 1);
        REQUIRE(std::string(one) + '\n' == expected);
        found.push_back(number);
        text.remove_prefix(end + 1);
    }
    return found;
}

}  // namespace

TEST_CASE("a reader that hangs holds nobody up; what waits arrives whole and in order when it reads again") {
    pipe_ends ends;
    std::optional<drained> reader;
    {
        audit_stream stream(std::move(ends.writer));
        auto const begun = std::chrono::steady_clock::now();
        for (int i = 0; i < 4000; ++i) stream.write(line(i));  // a megabyte; a pipe holds 64 KiB
        stream.write(line(4000, 100'000));                     // longer than any pipe takes at once
        stream.write(line(4001));
        CHECK(std::chrono::steady_clock::now() - begun < 2s);
        CHECK_FALSE(stream.stuck());
        CHECK(stream.lost() == 0);
        reader.emplace(ends.reader.get());
        stream.write(line(4002));
    }
    reader->thread.join();
    auto const found = numbers(reader->text);
    CHECK(found.size() == 4003);
    CHECK(std::ranges::is_sorted(found));
}

TEST_CASE("beyond the buffer lines are lost and counted, and the stream says that it is stuck until it is not") {
    pipe_ends ends;
    std::optional<drained> reader;
    std::uint64_t lost = 0;
    constexpr int num = 30'000;
    {
        audit_stream stream(std::move(ends.writer));
        for (int i = 0; i < num; ++i) stream.write(line(i));
        CHECK(stream.stuck());
        lost = stream.lost();
        CHECK(lost > 0);
        reader.emplace(ends.reader.get());
        REQUIRE(test::eventually(10s, [&] { return !stream.stuck(); }));
        stream.write(line(num));
        CHECK(stream.lost() == lost);
    }
    reader->thread.join();
    auto const found = numbers(reader->text);
    CHECK(found.size() + lost == num + 1);
    CHECK(std::ranges::is_sorted(found));
    CHECK(found.back() == num);
    CHECK(reader->text.size() > audit_stream::most_waiting / 8 * 7);
}

TEST_CASE("ordinary lines have half of the buffer: a flood of them loses none that is vital, and makes nothing stuck") {
    pipe_ends ends;
    std::optional<drained> reader;
    std::uint64_t lost = 0;
    constexpr int num = 20'000, num_vital = 1000;
    {
        audit_stream stream(std::move(ends.writer));
        for (int i = 0; i < num; ++i) stream.write(line(i), audit_rank::ordinary);
        lost = stream.lost();
        CHECK(lost > 0);
        CHECK(stream.stuck(audit_rank::ordinary));
        CHECK_FALSE(stream.stuck());
        for (int i = 0; i < num_vital; ++i) stream.write(line(num + i));
        CHECK(stream.lost() == lost);
        CHECK_FALSE(stream.stuck());
        reader.emplace(ends.reader.get());
        REQUIRE(test::eventually(10s, [&] { return !stream.stuck(audit_rank::ordinary); }));
        stream.write(line(num + num_vital), audit_rank::ordinary);
        CHECK(stream.lost() == lost);
    }
    reader->thread.join();
    auto const found = numbers(reader->text);
    CHECK(found.size() + lost == num + num_vital + 1);
    CHECK(std::ranges::is_sorted(found));
    CHECK(std::ranges::count_if(found, [](int number) { return number >= num; }) == num_vital + 1);
}

TEST_CASE("the end of the program does not wait for ever either") {
    pipe_ends ends;
    auto const begun = std::chrono::steady_clock::now();
    {
        audit_stream stream(std::move(ends.writer));
        for (int i = 0; i < 1000; ++i) stream.write(line(i));
    }
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("a stream that refuses is counted, and stuck until it takes a line") {
    SECTION("a pipe that nobody reads any more") {
        pipe_ends ends;
        audit_stream stream(std::move(ends.writer));
        ends.reader.reset();
        stream.write("a\n");
        stream.write("b\n");
        CHECK(stream.lost() == 2);
        CHECK(stream.stuck());
    }
    SECTION("a full disk") {
        audit_stream stream(base::unique_fd(::open("/dev/full", O_WRONLY)));
        stream.write("a\n");
        CHECK(stream.lost() == 1);
        CHECK(stream.stuck());
    }
    SECTION("a named pipe whose reader comes back") {
        test::temp_folder folder;
        auto const path = folder / "fifo";
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        base::unique_fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
        audit_stream stream(base::unique_fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK)));
        reader.reset();
        stream.write("lost\n");
        CHECK(stream.stuck());
        reader = base::unique_fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
        stream.write("taken\n");
        CHECK_FALSE(stream.stuck());
        CHECK(stream.lost() == 1);
        char buffer[16];
        CHECK(::read(reader.get(), buffer, sizeof buffer) == 6);
    }
}

TEST_CASE("lines of several threads never mix, in a file or in a pipe") {
    test::temp_folder folder;
    auto const path = folder / "audit";
    pipe_ends ends;
    std::optional<drained> reader;
    bool const piped = GENERATE(false, true);
    {
        audit_stream stream(piped ? std::move(ends.writer) : base::unique_fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)));
        if (piped) reader.emplace(ends.reader.get());
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 500; ++i) stream.write(line(1000 * t + i));
            });
    }
    if (piped) reader->thread.join();
    CHECK(numbers(piped ? reader->text : test::slurp(path)).size() == 2000);
}
