// The init commands of `sentinel serve`, against a real safe: once, whatever happens in between.
#include "integration/scripted_safe.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <fstream>

using namespace vsecm;
using std::chrono::seconds;

namespace {

constexpr seconds patience{20};
constexpr std::string_view finished_line = "init_commands_done";

struct scene {
    scene() : local({"billing", "db"}) {}

    void write(std::string_view text) const {
        std::ofstream file(path, std::ios::trunc);
        file << text;
    }
    test::process serve(test::environment_map more = {}) {
        more.insert({{"VSECM_SENTINEL_INIT_COMMAND_PATH", path},
                     {"VSECM_PROBE_LIVENESS_PORT", "127.0.0.1:0"},
                     {"VSECM_BACKOFF_DELAY", "50"},
                     {"VSECM_BACKOFF_MAX_WAIT", "200"},
                     {"VSECM_LOG_LEVEL", "4"}});
        return local.launch("vsecm-sentinel", {"sentinel", "serve"}, "serve-" + std::to_string(++num_serves), std::move(more));
    }
    // Serves until the init commands are over; returns the log.
    std::string serve_to_the_end() {
        auto process = serve();
        CHECK(process.says(finished_line, patience));
        process.signal(SIGTERM);
        CHECK(process.wait(patience) == 0);
        return process.err();
    }
    std::string value_of(std::string const& workload) { return local.inspect(workload).out; }
    std::string list() { return local.sentinel({"-l"}); }
    bool keystone_is_marked() { return local.inspect("vsecm-keystone").status == 0; }

    test::system local;
    std::string const path = local.scratch("script");
    int num_serves = 0;
};

}  // namespace

TEST_CASE("a script runs once") {
    scene s;
    s.write("w:billing\ns:first\n--\nw:db,k8s:db\nn:default\ns:gen:{\"password\":\"[a-z]{16}\"}\n--\nwait:1\n--\nexit:true\n--\n");
    auto const log = s.serve_to_the_end();
    CHECK(s.value_of("billing").contains("first"));
    auto const password = s.value_of("db");
    CHECK(password.contains("password"));
    CHECK(s.keystone_is_marked());
    CHECK_FALSE(log.contains(password.substr(0, password.find_last_not_of('\n') + 1)));

    s.local.sentinel({"-w", "billing", "-s", "by hand"});
    CHECK(s.serve_to_the_end().contains("they have run before"));
    CHECK(s.value_of("billing").contains("by hand"));

    // Who deletes the mark wants it all again; only what was generated stays what its users know.
    s.local.sentinel({"-w", "vsecm-keystone", "-d"});
    CHECK(s.serve_to_the_end().contains("left as it is: db, k8s:db are there already"));
    CHECK(s.value_of("billing").contains("first"));
    CHECK(s.value_of("db") == password);
    CHECK(s.keystone_is_marked());
}

TEST_CASE("Q40: what is done is not done again after a crash") {
    scene s;
    std::string const begin = "w:db\ns:gen:[a-z]{16}\n--\nw:billing\ns:first\n--\n";
    s.write(begin + "wait:600000\n--\nw:billing\ns:last\n--\n");
    std::string password;
    {
        auto crashing = s.serve();
        REQUIRE(test::eventually(patience, [&] { return s.list().contains("blocks-done.2"); }));
        password = s.value_of("db");
        crashing.signal(SIGKILL);
        crashing.wait(patience);
    }
    CHECK_FALSE(s.keystone_is_marked());
    s.local.sentinel({"-w", "billing", "-s", "by hand"});
    s.write(begin + "wait:1\n--\n");
    CHECK(s.serve_to_the_end().contains("init_commands_resume"));
    CHECK(s.value_of("billing").contains("by hand"));
    CHECK(s.value_of("db") == password);
    CHECK(s.keystone_is_marked());
    CHECK_FALSE(s.list().contains("blocks-done"));
}

TEST_CASE("a script that was changed in what is done begins anew") {
    scene s;
    s.write("w:billing\ns:typo\n--\nwait:600000\n--\n");
    {
        auto crashing = s.serve();
        REQUIRE(test::eventually(patience, [&] { return s.list().contains("blocks-done.1"); }));
    }
    s.write("w:billing\ns:corrected\n--\nw:db\ns:another\n");
    CHECK_FALSE(s.serve_to_the_end().contains("init_commands_resume"));
    CHECK(s.value_of("db").contains("another"));
    CHECK(s.value_of("billing").contains("corrected"));
}

TEST_CASE("an original safe that has no root key yet is waited for") {
    scene s;
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");
    auto process = s.serve({{"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(original.port()) + "/"}, {"VSECM_BACKOFF_MAX_RETRIES", "0"}});
    CHECK(process.says("init_commands_wait", patience));
    original.answer("GET /sentinel/v1/keystone", 200, R"({"status":"ready"})");
    original.answer("GET /sentinel/v1/secrets", 200, R"({"secrets":[]})");
    CHECK(process.says(finished_line, patience));
    CHECK(process.running());
}

TEST_CASE("what cannot be tidied up does not end the pod whose work is done") {
    scene s;
    test::scripted_safe full(s.local.environment_of("vsecm-safe"), "vsecm/test");
    full.answer("GET /sentinel/v1/keystone", 200, R"({"status":"ready"})");
    full.answer("GET /sentinel/v1/secrets", 200, R"({"secrets":[{"name":"vsecm-sentinel-init","created":"","updated":"","notBefore":"","expiresAfter":""}]})");
    full.answer("DELETE /sentinel/v1/secrets", 507, "");
    auto process = s.serve({{"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(full.port()) + "/"}, {"VSECM_BACKOFF_MAX_RETRIES", "0"}});
    CHECK(process.says("init_commands_tidy", patience));
    process.signal(SIGTERM);
    CHECK(process.wait(patience) == 0);
}

TEST_CASE("a broken script changes nothing") {
    scene s;
    s.write("w:billing\ns:hunter2\n--\nw:db\ns:hunter2\nhunter2\n");
    auto process = s.serve();
    CHECK(process.wait(patience) == 1);
    CHECK(process.err().contains("line 6: "));
    CHECK_FALSE(process.err().contains("hunter2"));
    CHECK(s.list() == "\n{\"secrets\":[]}\n\n");

    s.write("w:billing\ns:x\n--\nw:vsecm-safe\ns:hunter2\n");
    auto refused = s.serve();
    CHECK(refused.wait(patience) == 2);
    CHECK(refused.err().contains("line 4 (put vsecm-safe)"));
    CHECK_FALSE(s.keystone_is_marked());
}

TEST_CASE("Q57: keystone is marked without a script, too; and safe is waited for") {
    scene s;
    auto const safe = s.local.safe_pid();
    ::kill(safe, SIGSTOP);
    auto process = s.serve({{"VSECM_REQUEST_TIMEOUT", "300ms"}, {"VSECM_BACKOFF_MAX_RETRIES", "0"}});
    CHECK(process.says("init_commands_wait", patience));
    ::kill(safe, SIGCONT);
    CHECK(process.says(finished_line, patience));
    CHECK(s.keystone_is_marked());
    CHECK(process.running());
}
