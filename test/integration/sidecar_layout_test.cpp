// What a sidecar makes of a secret besides one file of its bytes: a folder of files, lines for shells, templates; and init --file.
#include "base/file.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

using namespace vsecm;
using test::eventually, test::slurp;
using std::chrono::seconds;

namespace {

constexpr seconds patience{20};

struct scene {
    test::environment_map with(test::environment_map more) const {
        more.emplace("VSECM_SIDECAR_SECRETS_PATH", place);
        more.emplace("VSECM_LOG_LEVEL", "4");
        return more;
    }
    test::process sidecar(test::environment_map more) { return local.launch("billing", {"sidecar"}, "sidecar-" + std::to_string(++num_sidecars), with(std::move(more))); }
    void put(std::string const& secret) { local.sentinel({"-w", "billing", "-s", "-"}, secret); }
    bool holds(std::string const& name, std::string const& bytes) const {
        auto const path = name.empty() ? place : place + "/" + name;
        return eventually(patience, [&] { return std::filesystem::exists(path) && slurp(path) == bytes; });
    }
    std::set<std::string> visible() const {
        std::set<std::string> names;
        for (auto const& entry : std::filesystem::directory_iterator(place))
            if (auto const name = entry.path().filename().string(); !name.starts_with('.')) names.insert(name);
        return names;
    }

    test::system local;
    std::string const place = local.scratch("volume");
    int num_sidecars = 0;
};

}  // namespace

TEST_CASE("keys: a file a member, switched at once; what is gone goes, what is no file changes nothing, a deletion empties it") {
    scene s;
    s.put(R"({"user":"u","tls.key":"line 1\nline 2\n","port":5432})");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_LAYOUT", "keys"}, {"VSECM_SIDECAR_FILE_MODE", "0440"}});
    REQUIRE(s.holds("port", "5432"));
    CHECK(slurp(s.place + "/tls.key") == "line 1\nline 2\n");
    CHECK(s.visible() == std::set<std::string>{"user", "tls.key", "port"});
    struct ::stat facts {};
    REQUIRE(::stat((s.place + "/user").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777) == 0440);
    auto const version = std::filesystem::read_symlink(s.place + "/..data");

    s.put(R"({"user":"u2","../../escape":"x"})");
    CHECK(sidecar.says("file_not_written", patience));
    CHECK(std::filesystem::read_symlink(s.place + "/..data") == version);
    CHECK(slurp(s.place + "/user") == "u");

    s.put(R"({"user":"u3","new":""})");
    REQUIRE(s.holds("user", "u3"));
    CHECK(eventually(patience, [&] { return s.visible() == std::set<std::string>{"user", "new"}; }));
    s.local.sentinel({"-w", "billing", "-d"});
    CHECK(eventually(patience, [&] { return s.visible().empty(); }));
    sidecar.signal(SIGTERM);
    CHECK(sidecar.wait(patience) == 0);
}

TEST_CASE("keys: the next sidecar touches nothing that is right") {
    scene s;
    s.put(R"({"user":"u"})");
    CHECK(s.local.run("billing", {"sidecar", "--once"}, {}, s.with({{"VSECM_SIDECAR_LAYOUT", "keys"}})).status == 0);
    auto const version = std::filesystem::read_symlink(s.place + "/..data");
    CHECK(s.local.run("billing", {"sidecar", "--once"}, {}, s.with({{"VSECM_SIDECAR_LAYOUT", "keys"}})).status == 0);
    CHECK(std::filesystem::read_symlink(s.place + "/..data") == version);
}

TEST_CASE("dotenv: a shell reads the values back, whatever is in them") {
    scene s;
    s.put(R"json({"db-user":"it's $HOME `id` \"x\" \\","db.pass":"a\nb","n":1})json");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_LAYOUT", "dotenv"}});
    REQUIRE(eventually(patience, [&] { return std::filesystem::exists(s.place); }));
    auto const shell = test::run({"sh", "-c", ". " + s.place + "; printf '<%s>' \"$DB_USER\" \"$DB_PASS\" \"$N\""}, {{{"PATH", "/usr/bin:/bin"}}, {}, s.local.path(""), "sh"});
    CHECK(shell.out == "<it's $HOME `id` \"x\" \\><a\nb><1>");
    CHECK(sidecar.says("dotenv_for_shells", patience));
}

TEST_CASE("a template of the workload's own is rendered anew with each secret, and a mended one without") {
    scene s;
    auto const form = s.local.scratch("app.conf.tmpl");
    std::ofstream(form) << "user = {{.user}}\n";
    s.put(R"({"user":"one"})");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_TEMPLATE", form}});
    CHECK(eventually(patience, [&] { return slurp(s.place) == "user = one\n"; }));
    std::ofstream(form) << "user = {{.user}}, pass = {{.pass}}\n";
    s.put(R"({"user":"two"})");
    CHECK(sidecar.says("a field that the secret does not have", patience));
    CHECK(slurp(s.place) == "user = one\n");
    std::ofstream(form) << "user is {{.user}}\n";
    CHECK(eventually(patience, [&] { return slurp(s.place) == "user is two\n"; }));
}

TEST_CASE("a template that is changed is rendered anew though the secret stays as it is, and that is told; a bad one changes nothing") {
    scene s;
    auto const form = s.local.scratch("app.conf.tmpl"), calls = s.local.scratch("calls");
    auto const become = [&](std::string const& text) {
        std::ofstream(form + ".new") << text;
        std::filesystem::rename(form + ".new", form);
    };
    become("user = {{.user}}\n");
    s.put(R"({"user":"one"})");
    std::ofstream(s.local.scratch("command")) << "cat " << s.place << " >>" << calls << "\n";
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_TEMPLATE", form}, {"VSECM_SIDECAR_WAIT", "1s"}, {"VSECM_SIDECAR_ON_CHANGE_INTERVAL", "0"},
        {"VSECM_SIDECAR_ON_CHANGE_COMMAND", "/bin/sh " + s.local.scratch("command")}});
    REQUIRE(s.holds("", "user = one\n"));
    become("{{/* says the same */}}user = {{.user}}\n");
    become("user is {{.user}}\n");
    CHECK(s.holds("", "user is one\n"));
    CHECK(eventually(patience, [&] { return slurp(calls) == "user is one\n"; }));
    become("{{.pass}}\n");
    CHECK(sidecar.says("a field that the secret does not have", patience));
    CHECK(slurp(s.place) == "user is one\n");
    become("it is {{.user}}\n");
    CHECK(s.holds("", "it is one\n"));
    CHECK(eventually(patience, [&] { return slurp(calls) == "user is one\nit is one\n"; }));
    CHECK(!sidecar.err().contains("volume_put_right"));
}

TEST_CASE("keys: a folder of templates is a ConfigMap's, and what an update of it changes, brings and takes away is seen") {
    scene s;
    auto const forms = s.local.scratch("forms");
    auto const update = [&](std::string const& version, std::map<std::string, std::string> const& templates) {
        std::filesystem::create_directories(forms + "/" + version);
        for (auto const& [name, text] : templates) {
            std::ofstream(forms + "/" + version + "/" + name) << text;
            if (!std::filesystem::is_symlink(forms + "/" + name)) std::filesystem::create_symlink("..data/" + name, forms + "/" + name);
        }
        std::filesystem::create_symlink(version, forms + "/..data_tmp");
        std::filesystem::rename(forms + "/..data_tmp", forms + "/..data");
    };
    update("..1", {{"a.conf.tmpl", "1{{.user}}"}});
    s.put(R"({"user":"u"})");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_LAYOUT", "keys"}, {"VSECM_SIDECAR_TEMPLATE", forms}, {"VSECM_SIDECAR_WAIT", "1s"}});
    REQUIRE(s.holds("a.conf", "1u"));
    update("..2", {{"a.conf.tmpl", "2{{.user}}"}});
    CHECK(s.holds("a.conf", "2u"));
    update("..3", {{"a.conf.tmpl", "3{{.user}}"}, {"b.conf", "b{{.user}}"}});
    CHECK(s.holds("b.conf", "bu"));
    CHECK(s.holds("a.conf", "3u"));
    std::filesystem::remove(forms + "/b.conf");
    CHECK(eventually(patience, [&] { return s.visible() == std::set<std::string>{"user", "a.conf"}; }));
}

TEST_CASE("--once writes and ends: at once, when there is a secret at last, or with the reason why not in time") {
    scene s;
    auto const in_vain = s.local.run("billing", {"sidecar", "--once", "--wait", "200ms"}, {}, s.with({}));
    CHECK(in_vain.status == 6);
    CHECK(in_vain.err.contains("vsecm sidecar: there is no secret"));
    CHECK(!std::filesystem::exists(s.place));
    auto job = s.local.launch("billing", {"sidecar", "--once"}, "job", s.with({}));
    REQUIRE(job.says("waiting_for_secret", patience));
    s.put("value");
    CHECK(job.wait(patience) == 0);
    CHECK(slurp(s.place) == "value");
    auto const nowhere = s.local.run("billing", {"sidecar", "--once"}, {}, {{"VSECM_SIDECAR_SECRETS_PATH", s.place + "/none/file"}});
    CHECK(nowhere.status == 1);
    s.local.sentinel({"-w", "billing", "-d"});
    auto stopped = s.local.launch("billing", {"sidecar", "--once"}, "stopped", s.with({}));
    REQUIRE(stopped.says("waiting_for_secret", patience));
    stopped.signal(SIGTERM);
    CHECK(stopped.wait(patience) == 143);
}

TEST_CASE("init --file leaves what the sidecar would keep, and the sidecar finds it right") {
    scene s;
    auto const keys = s.with({{"VSECM_SIDECAR_LAYOUT", "keys"}});
    auto waiting = s.local.launch("billing", {"init", "--file"}, "init", keys);
    REQUIRE(waiting.says("waiting_for_secret", patience));
    s.put(R"({"user":"u"})");
    CHECK(waiting.wait(patience) == 0);
    CHECK(slurp(s.place + "/user") == "u");
    auto const version = std::filesystem::read_symlink(s.place + "/..data");
    CHECK(s.local.run("billing", {"sidecar", "--once"}, {}, keys).status == 0);
    CHECK(std::filesystem::read_symlink(s.place + "/..data") == version);
    s.put("plain");
    auto const refused = s.local.run("billing", {"init", "--file"}, {}, keys);
    CHECK(refused.status == 1);
    CHECK(refused.err.contains("vsecm init: the secret is not a JSON object"));
}

TEST_CASE("the probe: live at once, ready while the volume holds a secret, whatever becomes of safe") {
    scene s;
    auto const ports = s.local.scratch("ports");
    auto const start = [&] {
        std::filesystem::remove(ports);
        return s.sidecar({{"VSECM_SIDECAR_PROBE_PORT", "127.0.0.1:0"}, {"VSECM_SIDECAR_PORTS_FILE", ports}});
    };
    auto const asked = [&](std::string const& target) {
        auto const text = slurp(ports);
        return text.starts_with("probe=") ? test::plain_get(static_cast<unsigned>(std::atoi(text.c_str() + 6)), target).status : 0;
    };
    {
        auto sidecar = start();
        REQUIRE(eventually(patience, [&] { return asked("/livez") == 200; }));
        CHECK(asked("/readyz") == 503);
        CHECK(asked("/") == 503);
        s.put("value");
        CHECK(eventually(patience, [&] { return asked("/readyz") == 200; }));
        s.local.stop_dev();
        CHECK(sidecar.says("safe_away", patience));
        CHECK(asked("/readyz") == 200);
        CHECK(asked("/livez") == 200);
        sidecar.signal(SIGTERM);
        CHECK(sidecar.wait(patience) == 0);
    }
    auto again = start();
    CHECK(eventually(patience, [&] { return asked("/readyz") == 200; }));
}

TEST_CASE("who holds the lock of the volume keeps the sidecar from writing, and from nothing else: its probes answer at once") {
    scene s;
    auto const ports = s.local.scratch("ports");
    s.put(R"({"a":"1"})");
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_LAYOUT", "keys"}, {"VSECM_SIDECAR_PROBE_PORT", "127.0.0.1:0"}, {"VSECM_SIDECAR_PORTS_FILE", ports}});
    REQUIRE(s.holds("a", "1"));
    auto const port = static_cast<unsigned>(std::atoi(slurp(ports).c_str() + 6));
    {
        base::unique_fd const reader{::open(s.place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        REQUIRE(::flock(reader.get(), LOCK_SH) == 0);
        s.put(R"({"a":"2"})");
        auto longest = std::chrono::steady_clock::duration::zero();
        CHECK(eventually(patience, [&] {
            auto const asked = std::chrono::steady_clock::now();
            CHECK(test::plain_get(port, "/livez").status == 200);
            longest = std::max(longest, std::chrono::steady_clock::now() - asked);
            return sidecar.err().contains("somebody else holds a lock on");
        }));
        CHECK(longest < std::chrono::milliseconds{500});
        CHECK(slurp(s.place + "/a") == "1");
        s.put(R"({"a":"3"})");
    }
    CHECK(s.holds("a", "3"));
}
