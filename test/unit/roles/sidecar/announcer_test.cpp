#include "roles/sidecar/announcer.hpp"

#include "support/process.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace vsecm;
using roles::sidecar::announcer;
using std::chrono::milliseconds;

namespace {

constexpr unsigned most = 3;

struct scene {
    explicit scene(std::vector<std::string> command) : scene(settings_with(std::move(command))) {}
    explicit scene(config::change_settings settings, std::string const& file = "/nowhere/secret")
        : tell(announcer::make(loop.executor(), std::move(settings), volume_with(file), {{milliseconds{1}, 1.0, milliseconds{1}, {}}, milliseconds{1}, most}).value()) {
        net::asio::co_spawn(loop.context, tell.run(), [this](std::exception_ptr) { has_ended = true; });
    }
    ~scene() {
        tell.stop();
        loop.until([this] { return has_ended; });
    }
    static config::change_settings settings_with(std::vector<std::string> command) {
        config::change_settings settings;
        settings.how = config::change_settings::action::command;
        settings.command = std::move(command);
        settings.interval = milliseconds{0};
        return settings;
    }
    static config::volume_settings volume_with(std::string const& file) {
        config::volume_settings volume;
        volume.path = file;
        return volume;
    }
    // Until a third of a second has passed without another line in `file`; gives how many there are.
    long lines_at_rest(std::string const& file) {
        for (long before = -1, now = 0;; before = now) {
            loop.context.restart();
            loop.context.run_for(milliseconds{300});
            auto const text = test::slurp(file);
            now = std::ranges::count(text, '\n');
            if (now == before || now > 1'000) return now;
        }
    }

    test::run_loop loop;
    announcer tell;
    bool has_ended = false;
};

// Answers as many calls with `refusal`, and 200 from then on.
class neighbour {
public:
    neighbour(std::string const& refusal, long num_refusals)
        : listener_(context_, {net::asio::ip::address_v4::loopback(), 0}), worker_([this, refusal, num_refusals] {
              for (net::error_code failed;;) {
                  auto caller = listener_.accept(failed);
                  if (failed) return;
                  std::string request;
                  net::asio::read_until(caller, net::asio::dynamic_buffer(request), "\r\n\r\n", failed);
                  auto const answer = "HTTP/1.1 " + (++num_calls <= num_refusals ? refusal : "200 Yes") + "\r\n\r\n";
                  net::asio::write(caller, net::asio::buffer(answer), failed);
              }
          }) {}
    ~neighbour() { ::shutdown(listener_.native_handle(), SHUT_RDWR); }
    unsigned port() const { return listener_.local_endpoint().port(); }

    std::atomic<long> num_calls{0};

private:
    net::asio::io_context context_;
    net::asio::ip::tcp::acceptor listener_;
    std::jthread worker_;
};

}  // namespace

TEST_CASE("a command that runs and fails is not run for ever: it may have done what it does; the next change begins anew") {
    test::temp_folder folder;
    auto const calls = folder / "calls";
    scene s({"/bin/sh", "-c", "echo called >>" + calls + "; exit 3"});
    s.tell.changed();
    CHECK(s.lines_at_rest(calls) == most);
    s.tell.changed();
    CHECK(s.lines_at_rest(calls) == 2 * most);
}

TEST_CASE("a command that cannot be started is tried until it can") {
    test::temp_folder folder;
    auto const calls = folder / "calls", program = folder / "program";
    scene s({program});
    s.tell.changed();
    CHECK(s.lines_at_rest(calls) == 0);  // far more than three tries
    std::ofstream(program) << "#!/bin/sh\necho called >>" << calls << "\n";
    REQUIRE(::chmod(program.c_str(), 0700) == 0);
    CHECK(s.lines_at_rest(calls) == 1);
}

TEST_CASE("a call that is told to come later is made until it is taken; one that failed is not") {
    auto const [refusal, num_expected] = GENERATE(table<std::string, long>({{"429 Later", 21}, {"503 Starting", most}, {"500 No", most}}));
    CAPTURE(refusal);
    neighbour there(refusal, 20);
    auto settings = scene::settings_with({});
    settings.how = config::change_settings::action::call;
    settings.url = "http://127.0.0.1:" + std::to_string(there.port()) + "/reload";
    settings.timeout = std::chrono::seconds{20};
    scene s(settings);
    s.tell.changed();
    s.loop.until_seen([&] { return there.num_calls >= num_expected; });
    s.loop.context.restart();
    s.loop.context.run_for(milliseconds{300});  // and no more
    CHECK(there.num_calls == num_expected);
}

TEST_CASE("a change that cannot be noted on the volume is told all the same") {
    test::temp_folder folder;
    auto const calls = folder / "calls";
    scene s(scene::settings_with({"/bin/sh", "-c", "echo called >>" + calls}), "/nowhere/secret");
    s.tell.will_change();
    s.tell.changed();
    CHECK(s.lines_at_rest(calls) == 1);
}

TEST_CASE("what one process could not tell the next one tells, once; and what nobody could tell is given up") {
    test::temp_folder folder, volume;
    auto const calls = folder / "calls", program = folder / "program";
    auto const num_reminders = [&] { return std::ranges::distance(std::filesystem::directory_iterator(volume.path())); };
    auto const settings = scene::settings_with({program});
    {
        scene s(settings, volume / "secret");
        s.tell.will_change();
        CHECK(num_reminders() == 1);
        s.tell.changed();
        CHECK(s.lines_at_rest(calls) == 0);
    }
    CHECK(num_reminders() == 1);
    auto const can_run = GENERATE(true, false);
    if (can_run) {
        std::ofstream(program) << "#!/bin/sh\necho called >>" << calls << "\n";
        REQUIRE(::chmod(program.c_str(), 0700) == 0);
    }
    for (unsigned i = 0; i < most; ++i) {
        scene s(settings, volume / "secret");
        CHECK(s.lines_at_rest(calls) == (can_run ? 1 : 0));
        CHECK(num_reminders() == (can_run ? 0 : 1));
    }
    scene s(settings, volume / "secret");
    s.loop.until([&] { return num_reminders() == 0; });
    CHECK(s.lines_at_rest(calls) == (can_run ? 1 : 0));
}

TEST_CASE("who is killed between the reminder and the files has the workload told once too often, and not never") {
    test::temp_folder folder, volume;
    auto const calls = folder / "calls";
    auto const settings = scene::settings_with({"/bin/sh", "-c", "echo called >>" + calls});
    {
        scene killed(settings, volume / "secret");
        killed.tell.will_change();
    }
    for (int i = 0; i < 2; ++i) {
        scene s(settings, volume / "secret");
        CHECK(s.lines_at_rest(calls) == 1);
    }
}

TEST_CASE("the reminder of a change that did not come about is taken back; of one that came before it, it is not") {
    test::temp_folder folder, volume;
    auto const num_reminders = [&] { return std::ranges::distance(std::filesystem::directory_iterator(volume.path())); };
    scene s(scene::settings_with({folder / "program"}), volume / "secret");
    s.tell.will_change();
    CHECK(num_reminders() == 1);
    s.tell.has_not_changed();
    CHECK(num_reminders() == 0);
    s.tell.will_change();
    s.tell.changed();
    CHECK(s.lines_at_rest(folder / "calls") == 0);
    CHECK(num_reminders() == 1);
    s.tell.will_change();
    s.tell.has_not_changed();
    CHECK(num_reminders() == 1);
}
