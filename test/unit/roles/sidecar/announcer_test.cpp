#include "roles/sidecar/announcer.hpp"

#include "support/process.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

using namespace vsecm;
using roles::sidecar::announcer;
using std::chrono::milliseconds;

namespace {

constexpr unsigned most = 3;

struct scene {
    explicit scene(std::vector<std::string> command)
        : tell(announcer::make(loop.executor(), settings_with(std::move(command)), {{milliseconds{1}, 1.0, milliseconds{1}, {}}, milliseconds{1}, most}).value()) {
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
