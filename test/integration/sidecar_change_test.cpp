// How a workload is told that its files have changed: when it is, when it is not, and that nothing waits for it.
#include "integration/scripted_safe.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace vsecm;
using test::eventually, test::slurp;
using std::chrono::seconds, std::chrono::milliseconds;

namespace {

constexpr seconds patience{20};

std::size_t count(std::string const& text, std::string_view piece) {
    std::size_t num = 0;
    for (auto at = text.find(piece); at != text.npos; at = text.find(piece, at + 1)) ++num;
    return num;
}

struct scene {
    test::process sidecar(test::environment_map more) {
        more.emplace("VSECM_SIDECAR_SECRETS_PATH", file);
        more.emplace("VSECM_LOG_LEVEL", "4");
        more.emplace("VSECM_SIDECAR_ON_CHANGE_INTERVAL", "0");
        return local.launch("billing", {"sidecar"}, "sidecar-" + std::to_string(++num_sidecars), std::move(more));
    }
    // A command that writes a line a call into `calls`, and then does `more`.
    std::string command(std::string const& more = {}) {
        std::ofstream(local.scratch("command")) << "echo \"told: $(cat " << file << ")\" >>" << local.scratch("calls") << "\n" << more << "\n";
        return "/bin/sh " + local.scratch("command");
    }
    std::string calls() const { return slurp(local.scratch("calls")); }
    bool told(std::string const& value) const { return eventually(patience, [&] { return calls().contains("told: " + value + "\n"); }); }
    void put(std::string const& secret) { local.sentinel({"-w", "billing", "-s", "-"}, secret); }
    bool holds(std::string const& value) const { return eventually(patience, [&] { return slurp(file) == value; }); }

    // How many reminders are in a folder of the volume.
    long num_reminders(std::string const& folder) const {
        return std::ranges::count_if(std::filesystem::directory_iterator(folder), [](auto const& entry) { return entry.path().filename().string().starts_with("..untold-"); });
    }

    test::system local;
    std::string const file = local.scratch("secret");
    int num_sidecars = 0;
};

// Answers each POST with the next of the given statuses, the last one for ever; with an empty one it closes the connection.
class neighbour {
public:
    explicit neighbour(std::vector<std::string> statuses) : statuses_(std::move(statuses)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        ::sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::socklen_t len = sizeof where;
        REQUIRE(::bind(listener_, reinterpret_cast<::sockaddr*>(&where), sizeof where) == 0);
        REQUIRE(::listen(listener_, 16) == 0);
        ::getsockname(listener_, reinterpret_cast<::sockaddr*>(&where), &len);
        port_ = ntohs(where.sin_port);
        worker_ = std::jthread([this] { serve(); });
    }
    ~neighbour() {
        ::shutdown(listener_, SHUT_RDWR);
        worker_.join();
        ::close(listener_);
    }
    std::string url(std::string const& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
    std::size_t num_asked() const { return num_asked_; }
    std::string first_request() const { return num_asked_ > 0 ? first_ : std::string{}; }

private:
    void serve() {
        for (int fd = -1; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
            std::string request;
            char buffer[1024];
            while (!request.contains("\r\n\r\n")) {
                auto const len = ::recv(fd, buffer, sizeof buffer, 0);
                if (len <= 0) break;
                request.append(buffer, static_cast<std::size_t>(len));
            }
            if (num_asked_ == 0) first_ = request;
            auto const& status = statuses_[std::min<std::size_t>(num_asked_, statuses_.size() - 1)];
            auto const answer = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
            if (!status.empty()) ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
            ++num_asked_;
        }
    }
    std::vector<std::string> statuses_;
    int listener_;
    unsigned port_ = 0;
    std::string first_;
    std::atomic<std::size_t> num_asked_{0};
    std::jthread worker_;
};

}  // namespace

TEST_CASE("a command is run once a change, after it; not for the first content, the same bytes, or another sidecar") {
    scene s;
    s.put("one");
    auto const settings = test::environment_map{{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command("env >>" + s.local.scratch("seen") + "; tr '\\0' ' ' </proc/$$/cmdline >>" + s.local.scratch("seen"))}};
    {
        auto sidecar = s.sidecar(settings);
        REQUIRE(s.holds("one"));
        s.put("value-two");
        REQUIRE(s.told("value-two"));
        s.put("value-two");
        s.put("three");
        REQUIRE(s.told("three"));
        CHECK(s.calls() == "told: value-two\ntold: three\n");
        CHECK(!slurp(s.local.scratch("seen")).contains("value-two"));
        CHECK(slurp(s.local.scratch("seen")).contains("VSECM_SIDECAR_SECRETS_PATH="));
        CHECK(eventually(patience, [&] { return count(sidecar.err(), "change_told") == 2; }));  // or the next would tell again
        sidecar.signal(SIGTERM);
        CHECK(sidecar.wait(patience) == 0);
    }
    auto again = s.sidecar(settings);
    s.put("four");
    REQUIRE(s.told("four"));
    s.local.sentinel({"-w", "billing", "-d"});
    REQUIRE(s.told(""));
    CHECK(s.calls() == "told: value-two\ntold: three\ntold: four\ntold: \n");
}

TEST_CASE("of what is put right nobody is told: a workload that takes its file away is not restarted for ever") {
    scene s;
    s.put("one");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command()}, {"VSECM_SIDECAR_WAIT", "1s"}});
    REQUIRE(s.holds("one"));
    for (auto const* damage : {"", "damaged"}) {
        std::filesystem::remove(s.file);
        if (*damage != 0) std::ofstream(s.file) << damage;
        REQUIRE(s.holds("one"));
    }
    s.put("two");
    REQUIRE(s.told("two"));
    CHECK(s.calls() == "told: two\n");
}

TEST_CASE("a command that fails is run again until it does not, and its words are in the log once") {
    scene s;
    s.put("one");
    auto const permit = s.local.scratch("permit");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command("test -e " + permit + " || exit 3")}});
    REQUIRE(s.holds("one"));
    s.put("two");
    REQUIRE(eventually(patience, [&] { return count(s.calls(), "told: two") >= 2; }));
    CHECK(count(sidecar.err(), "change_not_told") == 1);
    CHECK(sidecar.err().contains("/bin/sh ended with 3"));
    std::ofstream(permit) << "x";
    CHECK(sidecar.says("change_told", patience));
}

TEST_CASE("changes while a command runs are kept at once and told together afterwards; the end of the sidecar is the command's") {
    scene s;
    s.put("0");
    auto const gate = s.local.scratch("gate");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command("while test ! -e " + gate + "; do sleep 0.02; done")}});
    REQUIRE(s.holds("0"));
    s.put("1");
    REQUIRE(s.told("1"));
    for (auto const* value : {"2", "3", "4", "5"}) {
        s.put(value);
        CHECK(s.holds(value));
    }
    CHECK(s.calls() == "told: 1\n");
    std::ofstream(gate) << "x";
    REQUIRE(s.told("5"));
    CHECK(s.calls() == "told: 1\ntold: 5\n");

    std::filesystem::remove(gate);
    std::ofstream(s.local.scratch("command")) << "echo $$ >" << s.local.scratch("pid") << "; exec sleep 600\n";
    s.put("6");
    REQUIRE(eventually(patience, [&] { return std::atoi(slurp(s.local.scratch("pid")).c_str()) > 0; }));
    auto const command = static_cast<::pid_t>(std::atoi(slurp(s.local.scratch("pid")).c_str()));
    auto const begun = std::chrono::steady_clock::now();
    sidecar.signal(SIGTERM);
    CHECK(sidecar.wait(patience) == 0);
    CHECK(std::chrono::steady_clock::now() - begun < seconds{5});
    CHECK(eventually(patience, [&] { return ::kill(command, 0) != 0; }));
}

TEST_CASE("a command makes its files as it would without us: with the umask that the sidecar was started with") {
    scene s;
    s.put("one");
    auto const before = ::umask(027);
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command("umask >" + s.local.scratch("umask"))}});
    ::umask(before);
    REQUIRE(s.holds("one"));
    s.put("two");
    REQUIRE(sidecar.says("change_told", patience));
    CHECK(slurp(s.local.scratch("umask")) == "0027\n");
}

TEST_CASE("a command that takes too long is killed and collected") {
    scene s;
    s.put("one");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command("exec sleep 600")}, {"VSECM_SIDECAR_ON_CHANGE_TIMEOUT", "200ms"}});
    REQUIRE(s.holds("one"));
    s.put("two");
    CHECK(sidecar.says("took longer than 200 ms", patience));
    auto const children = "/proc/" + std::to_string(sidecar.pid()) + "/task/" + std::to_string(sidecar.pid()) + "/children";
    CHECK(eventually(patience, [&] { return slurp(children).empty(); }));
}

TEST_CASE("no more often than the interval, but the last change is told") {
    scene s;
    s.put("0");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command()}, {"VSECM_SIDECAR_ON_CHANGE_INTERVAL", "2s"}});
    REQUIRE(s.holds("0"));
    auto const begun = std::chrono::steady_clock::now();
    for (int i = 1; i <= 10; ++i) s.put(std::to_string(i));
    REQUIRE(s.told("10"));
    auto const intervals = std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now() - begun).count() / 2;
    CHECK(count(s.calls(), "told: ") <= static_cast<std::size_t>(intervals) + 1);
}

TEST_CASE("a signal reaches a process by its name or its pid file, once it is there") {
    scene s;
    s.put("one");
    auto const program = s.local.scratch("an-app-of-many-letters");
    std::filesystem::copy_file(std::filesystem::canonical("/bin/sh"), program);
    auto const start = [&](std::string const& name) {
        return test::process({program, "-c", "trap 'echo got it' USR1; echo up $$; while :; do sleep 0.2 & wait $!; done"}, {{{"PATH", "/usr/bin:/bin"}}, {}, s.local.path(""), name});
    };
    auto const pid_file = s.local.scratch("pid");
    auto by_name = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_SIGNAL", "USR1"}, {"VSECM_SIDECAR_ON_CHANGE_PROCESS", "an-app-of-many-letters"}});
    REQUIRE(s.holds("one"));
    s.put("two");
    CHECK(by_name.says("no process is called an-app-of-many-letters", patience));
    auto app = start("app");
    CHECK(app.says("got it", patience));
    by_name.signal(SIGTERM);
    CHECK(by_name.wait(patience) == 0);

    auto by_file = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_SIGNAL", "SIGUSR1"}, {"VSECM_SIDECAR_ON_CHANGE_PID_FILE", pid_file}});
    auto other = start("other");
    REQUIRE(other.says("up", patience));
    s.put("three");
    CHECK(by_file.says("change_not_told", patience));
    std::ofstream(pid_file) << other.pid() << "\n";
    CHECK(other.says("got it", patience));
    CHECK(count(app.out(), "got it") == 1);
}

TEST_CASE("an HTTP call is a POST without a body, tried again until it is answered with 2xx") {
    scene s;
    s.put("one");
    neighbour there({"500 No", "204 Yes"});
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_URL", there.url("/-/reload?a=b")}});
    REQUIRE(s.holds("one"));
    s.put("TopSecret");
    REQUIRE(eventually(patience, [&] { return there.num_asked() == 2; }));
    CHECK(sidecar.says("change_told", patience));
    CHECK(sidecar.err().contains("answers 500"));
    CHECK(there.first_request().starts_with("POST /-/reload?a=b HTTP/1.1\r\nHost: 127.0.0.1:"));
    CHECK(there.first_request().contains("Content-Length: 0\r\n"));
    CHECK(!there.first_request().contains("TopSecret"));
    s.put("TopSecret2");
    CHECK(eventually(patience, [&] { return there.num_asked() == 3; }));
}

TEST_CASE("a sidecar that begins with a file that was emptied tells of what comes into it") {
    scene s;
    s.put("one");
    auto const settings = test::environment_map{{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command()}};
    {
        auto before = s.sidecar(settings);
        REQUIRE(s.holds("one"));
        s.local.sentinel({"-w", "billing", "-d"});
        REQUIRE(s.told(""));
        before.signal(SIGTERM);
        CHECK(before.wait(patience) == 0);
    }
    auto after = s.sidecar(settings);
    s.put("two");
    CHECK(s.told("two"));
}

TEST_CASE("a call that ends the neighbour before it answers is made once a change") {
    scene s;
    s.put("one");
    neighbour there({""});
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_URL", there.url("/quit")}});
    REQUIRE(s.holds("one"));
    s.put("two");
    CHECK(sidecar.says("change_told", patience));
    CHECK(sidecar.err().contains("call_unanswered"));
    s.put("three");
    REQUIRE(eventually(patience, [&] { return count(sidecar.err(), "change_told") == 2; }));
    CHECK(there.num_asked() == 2);
    CHECK(!sidecar.err().contains("change_not_told"));
}

TEST_CASE("the first content is told to nobody, though an original safe had the file made empty before") {
    scene s;
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command()}, {"VSECM_SIDECAR_POLL_INTERVAL", "100"},
        {"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(original.port()) + "/"}});
    REQUIRE(eventually(patience, [&] { return std::filesystem::exists(s.file); }));
    original.answer_fetch(200, R"({"data":"one","created":"","updated":""})");
    REQUIRE(s.holds("one"));
    original.answer_fetch(200, R"({"data":"two","created":"","updated":""})");
    REQUIRE(s.told("two"));
    CHECK(s.calls() == "told: two\n");
}

TEST_CASE("a sidecar that ends before it has told of a change has the next one tell, once; and where nothing is due nobody is told") {
    auto const how = GENERATE(SIGKILL, SIGTERM);
    scene s;
    s.put("one");
    auto settings = test::environment_map{{"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command()}, {"VSECM_SIDECAR_ON_CHANGE_INTERVAL", "600s"}};
    {
        auto sidecar = s.sidecar(settings);
        REQUIRE(s.holds("one"));
        CHECK(s.num_reminders(s.local.scratch("")) == 0);
        s.put("two");
        REQUIRE(s.told("two"));
        REQUIRE(sidecar.says("change_told", patience));
        s.put("three");  // within the interval
        REQUIRE(s.holds("three"));
        sidecar.signal(how);
        CHECK(sidecar.wait(patience) == (how == SIGKILL ? 128 + SIGKILL : 0));
        CHECK(s.calls() == "told: two\n");
        CHECK(s.num_reminders(s.local.scratch("")) == 1);
    }
    settings["VSECM_SIDECAR_ON_CHANGE_INTERVAL"] = "0";
    for (auto const* value : {"four", "five"}) {
        auto sidecar = s.sidecar(settings);
        REQUIRE(s.told("three"));
        s.put(value);
        REQUIRE(s.told(value));
        CHECK(eventually(patience, [&] { return s.num_reminders(s.local.scratch("")) == 0; }));
        sidecar.signal(how);
        CHECK(sidecar.wait(patience) >= 0);
    }
    CHECK(s.calls() == "told: two\ntold: three\ntold: four\ntold: five\n");
}

TEST_CASE("keys: a change that is not told yet is noted beside ..data, under no name that is a key, and the next sidecar tells") {
    auto const how = GENERATE(SIGKILL, SIGTERM);
    scene s;
    auto const permit = s.local.scratch("permit"), finished = s.local.scratch("finished");
    s.put(R"({"user":"1"})");
    auto const settings = test::environment_map{{"VSECM_SIDECAR_LAYOUT", "keys"},
        {"VSECM_SIDECAR_ON_CHANGE_COMMAND", s.command("test -e " + permit + " || exit 3; cat " + s.file + "/user >>" + finished)}};
    auto const holds = [&](std::string const& user) { return eventually(patience, [&] { return slurp(s.file + "/user") == user; }); };
    {
        auto sidecar = s.sidecar(settings);
        REQUIRE(holds("1"));
        s.put(R"({"user":"2"})");
        REQUIRE(sidecar.says("change_not_told", patience));
        CHECK(s.num_reminders(s.file) == 1);
        sidecar.signal(how);
        CHECK(sidecar.wait(patience) >= 0);
    }
    CHECK(holds("2"));
    std::ofstream(permit) << "x";
    auto sidecar = s.sidecar(settings);
    REQUIRE(eventually(patience, [&] { return slurp(finished) == "2"; }));
    s.put(R"({"user":"3"})");
    CHECK(eventually(patience, [&] { return slurp(finished) == "23" && s.num_reminders(s.file) == 0; }));
}

TEST_CASE("a process that is to get a signal, and was not there in the sidecar's life, gets it from the next") {
    auto const how = GENERATE(SIGKILL, SIGTERM);
    scene s;
    s.put("one");
    auto const pid_file = s.local.scratch("pid");
    auto const settings = test::environment_map{{"VSECM_SIDECAR_ON_CHANGE_SIGNAL", "USR1"}, {"VSECM_SIDECAR_ON_CHANGE_PID_FILE", pid_file}};
    {
        auto sidecar = s.sidecar(settings);
        REQUIRE(s.holds("one"));
        s.put("two");
        REQUIRE(sidecar.says("change_not_told", patience));
        sidecar.signal(how);
        CHECK(sidecar.wait(patience) >= 0);
    }
    test::process app({"/bin/sh", "-c", "trap 'echo got it' USR1; echo up; while :; do sleep 0.05; done"}, {{{"PATH", "/usr/bin:/bin"}}, {}, s.local.path(""), "app"});
    REQUIRE(app.says("up", patience));
    std::ofstream(pid_file) << app.pid() << "\n";
    auto sidecar = s.sidecar(settings);
    REQUIRE(app.says("got it", patience));
    s.put("three");
    CHECK(eventually(patience, [&] { return count(sidecar.err(), "change_told") == 2 && count(app.out(), "got it") == 2; }));
    CHECK(s.num_reminders(s.local.scratch("")) == 0);
}
