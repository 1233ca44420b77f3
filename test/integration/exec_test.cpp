// A program with the secret in its environment: what it sees, what it inherits, and what becomes of the wait for it.
#include "integration/scripted_safe.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <algorithm>
#include <sstream>

using namespace vsecm;
using std::chrono::seconds;

namespace {

constexpr seconds patience{20};

struct scene {
    // What `exec OPTIONS -- COMMAND` prints and ends with.
    test::finished exec(std::vector<std::string> options, std::vector<std::string> command, test::environment_map more = {}) {
        return local.run("billing", words(std::move(options), std::move(command)), {}, std::move(more));
    }
    test::process start(std::vector<std::string> options, std::vector<std::string> command) {
        return local.launch("billing", words(std::move(options), std::move(command)), "exec");
    }
    static std::vector<std::string> words(std::vector<std::string> options, std::vector<std::string> command) {
        options.insert(options.begin(), "exec");
        options.push_back("--");
        options.insert(options.end(), command.begin(), command.end());
        return options;
    }
    test::system local;
};

// The lines of `text` that begin with one of these.
std::string lines_with(std::string const& text, std::vector<std::string> const& beginnings) {
    std::istringstream in(text);
    std::string kept;
    for (std::string line; std::getline(in, line);)
        if (std::ranges::any_of(beginnings, [&](auto const& b) { return line.starts_with(b); })) kept += line + "\n";
    return kept;
}

}  // namespace

TEST_CASE("a JSON object becomes variables, a whole secret one variable, and both win over what was there") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", R"({"db-user":"it's me","db.password":"a b\n$c","port":5432,"none":null})"});
    auto const script = std::vector<std::string>{"sh", "-c", "printf '<%s>' \"$DB_USER\" \"$DB_PASSWORD\" \"$PORT\" \"$NONE\" \"$OTHER\"; exit 7"};
    auto const run = s.exec({}, script, {{"PORT", "1"}, {"OTHER", "kept"}});
    CHECK(run.out == "<it's me><a b\n$c><5432><><kept>");
    CHECK(run.status == 7);
    CHECK(run.err.empty());
    CHECK(s.exec({"--prefix", "my_"}, {"sh", "-c", "printf '<%s>' \"$my_PORT\" \"$PORT\""}).out == "<5432><>");

    s.local.sentinel({"-w", "billing", "-s", "plain value"});
    CHECK(s.exec({"-n", "TOKEN"}, {"sh", "-c", "printf '<%s>' \"$TOKEN\""}, {{"TOKEN", "old"}}).out == "<plain value>");
    auto const refused = s.exec({}, {"true"});
    CHECK(refused.status == 1);
    CHECK(refused.err.contains("--name"));
    CHECK(!refused.err.contains("plain value"));
}

TEST_CASE("the program is this process, with the descriptors, signals, mask and umask that were inherited, and nothing of ours") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", R"({"a":"1"})"});
    auto child = s.start({}, {"sh", "-c", "echo pid $$; ulimit -c; sleep 60"});
    REQUIRE(child.says("pid " + std::to_string(child.pid()) + "\n0\n", patience));

    // A parent with something open, something ignored, something blocked (by env, which can) and an umask of its own.
    auto const under = [&](std::string const& what) {
        auto const preparation = "exec 9</dev/null; umask 027; trap '' INT PIPE; exec " + what;
        return test::run({"sh", "-c", preparation}, {s.local.environment_of("billing"), {}, s.local.path(""), "under"}).out;
    };
    std::string const probe = "env --block-signal=USR1 -- ";
    std::string const look = "sh -c 'ls /proc/$$/fd; umask; cat /proc/self/status'";
    std::vector<std::string> const facts{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "SigBlk", "SigIgn", "SigCgt"};
    auto const direct = lines_with(under(probe + look), facts);
    CHECK(direct.contains("0027"));
    CHECK(direct.contains("\n9\n"));
    CHECK(lines_with(under(probe + test::vsecm_binary() + " exec -- " + look), facts) == direct);
}

TEST_CASE("126 and 127 as env: not executable, not there") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", R"({"a":"TopSecret"})"});
    auto const absent = s.exec({}, {"no-such-program"});
    CHECK(absent.status == 127);
    CHECK(absent.err == "vsecm exec: no-such-program: No such file or directory\n");
    CHECK(s.exec({}, {"/no/such/program"}).status == 127);
    CHECK(s.exec({}, {"/etc/passwd"}).status == 126);
    s.local.sentinel({"-w", "billing", "-s", "-"}, R"({"a":")" + std::string(200'000, 'x') + "\"}");
    auto const large = s.exec({}, {"true"});
    CHECK(large.status == 126);
    CHECK(large.err.contains("128 KiB"));
}

TEST_CASE("it waits for the secret, as long as told, and a signal ends the wait") {
    scene s;
    auto const none = s.exec({"--wait", "0"}, {"true"});
    CHECK(none.status == 6);
    CHECK(none.err.contains("vsecm exec: there is no secret"));
    auto const in_vain = s.exec({"--wait", "300ms"}, {"true"});
    CHECK(in_vain.status == 6);
    CHECK(in_vain.err.contains("vsecm exec: there is no secret"));
    {
        auto stopped = s.start({}, {"echo", "started"});
        REQUIRE(stopped.says("waiting_for_secret", patience));
        stopped.signal(SIGTERM);
        CHECK(stopped.wait(patience) == 143);
        CHECK(stopped.out().empty());
    }
    auto waiting = s.start({}, {"sh", "-c", "echo \"got $A\""});
    REQUIRE(waiting.says("waiting_for_secret", patience));
    s.local.sentinel({"-w", "billing", "-s", R"({"a":"it"})"});
    CHECK(waiting.wait(patience) == 0);
    CHECK(waiting.out() == "got it\n");

    s.local.stop_dev();
    CHECK(s.exec({"--wait", "0"}, {"true"}).status == 4);
    CHECK(s.exec({"--wait", "300ms"}, {"true"}).status == 4);
}

TEST_CASE("a safe that says that nothing has changed, without having been asked that, gives no empty variable") {
    scene s;
    test::scripted_safe confused(s.local.environment_of("vsecm-safe"), "vsecm/1");
    confused.answer_fetch(304, "");
    auto const ended = s.exec({"--name", "TOKEN"}, {"/usr/bin/env"}, {{"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(confused.port()) + "/"}});
    CHECK(ended.status != 0);
    CHECK(ended.out.empty());
    CHECK(ended.err.contains("304"));
}
