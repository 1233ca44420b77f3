// Requests that no client of ours would send, and callers that have no right to: each gets a clear answer of its own kind,
// and nothing is lost, made or known by it.
#include "base/file.hpp"
#include "integration/caller.hpp"
#include "integration/scripted_safe.hpp"
#include "integration/system.hpp"
#include "support/loopback.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

using namespace vsecm;
using std::chrono::seconds;

namespace {

constexpr char secrets[] = "/sentinel/v1/secrets";
constexpr char own[] = "/workload/v1/secrets";

std::string upsert(std::string const& quoted_name, std::string const& value = "x") {
    return R"({"workloads":[)" + quoted_name + R"(],"namespaces":["default"],"value":")" + value + R"(","format":"json"})";
}

// "VmHWM", "RssAnon"… of a process, in kB.
long kilobytes(::pid_t pid, std::string const& what) {
    auto const text = test::slurp("/proc/" + std::to_string(pid) + "/status");
    auto const at = text.find(what + ":");
    return at == std::string::npos ? -1 : std::atol(text.c_str() + at + what.size() + 1);
}

int connected_to(unsigned port) {
    int const fd = test::connect_loopback(static_cast<std::uint16_t>(port), seconds{15});
    REQUIRE(fd >= 0);
    return fd;
}

// All the server says to these bytes until it closes; "open" in front if it does not close in time.
std::string say(unsigned port, std::string const& bytes) {
    int const fd = connected_to(port);
    static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    ::shutdown(fd, SHUT_WR);
    auto const heard = test::receive_all(fd);
    ::close(fd);
    return (heard.still_open ? "open" : "") + heard.text;
}

// What a TLS client without a certificate receives to a request: nothing, if all is well.
std::string ask_without_certificate(unsigned port) {
    SSL_CTX* const ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
    SSL* const ssl = SSL_new(ctx);
    int const fd = connected_to(port);
    SSL_set_fd(ssl, fd);
    std::string heard;
    if (SSL_connect(ssl) == 1) {  // with TLS 1.3 the refusal comes after it
        constexpr std::string_view request = "GET /workload/v1/secrets HTTP/1.1\r\nHost: x\r\n\r\n";
        SSL_write(ssl, request.data(), static_cast<int>(request.size()));
        char buffer[4096];
        for (int n; (n = SSL_read(ssl, buffer, sizeof buffer)) > 0;) heard.append(buffer, static_cast<std::size_t>(n));
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ::close(fd);
    return heard;
}

// A safe of its own data folder beside the local system's, with the same identity.
struct other_safe {
    other_safe(test::system const& local, test::environment_map more, std::string shell_before = "true") {
        auto env = local.environment_of("vsecm-safe");
        env["VSECM_SAFE_DATA_PATH"] = local.scratch("data2");
        env["VSECM_ROOT_KEY_PATH"] = local.scratch("key2");
        env["VSECM_SAFE_ROOT_KEY_STORE"] = "file";
        env["VSECM_SAFE_AUDIT_PATH"] = "off";
        for (auto const* name : {"VSECM_SAFE_TLS_PORT", "VSECM_PROBE_LIVENESS_PORT", "VSECM_PROBE_READINESS_PORT"}) env[name] = "127.0.0.1:0";
        env["VSECM_SAFE_PORTS_FILE"] = ports = local.scratch("ports2");
        for (auto& [name, value] : more) env[name] = value;
        child.emplace(std::vector<std::string>{"/bin/sh", "-c", shell_before + "; exec \"$0\" safe", test::vsecm_binary()},
                      test::process::options{env, {}, local.scratch(""), "other"});
    }
    unsigned port() {
        REQUIRE(test::eventually(seconds{20}, [this] { return std::filesystem::exists(ports); }));
        return static_cast<unsigned>(std::atoi(test::slurp(ports).c_str() + 4));
    }
    std::string ports;
    std::optional<test::process> child;
};

}  // namespace

TEST_CASE("Q50 Q51 Q19: bodies and names that make no sense are 400 with a sentence, and change nothing") {
    test::system local;
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    test::caller sentinel(local.environment_of("vsecm-sentinel"));
    auto const before = test::slurp(local.path("data/billing.age"));
    std::string const long_name(300, 'n'), deep(100'000, '[');
    for (std::string const& body : {std::string(), std::string("{"), std::string("null"), std::string("[]"), std::string("\"x\""), std::string("12"), std::string("{}"),
                                    std::string("\0\1\2", 3), std::string("\xff\xfe"), deep, "{\"value\":" + deep, std::string(R"({"workloads":["billing"]})"),
                                    std::string(R"({"workloads":"billing","value":5})"), std::string(R"({"workloads":[7],"value":"x"})"),
                                    std::string(R"({"workloads":{"a":1},"value":"x"})"), std::string(R"({"workloads":["billing"],"value":{"a":1}})"),
                                    std::string(R"({"workloads":["billing"],"value":""})"), std::string(R"({"workloads":["billing"],"value":"x"} trailing)"),
                                    std::string(R"({"workloads":["billing"],"value":"x","encrypt":"yes"})"), std::string(R"({"workloads":["billing"],"value":"!!","encrypt":true})"),
                                    std::string(R"({"workloads":["billing"],"value":"x","expires":"tomorrow"})"), std::string(R"({"workloads":["billing"],"value":"x","format":"xml"})"),
                                    upsert(R"("a/b")"), upsert(R"("..")"), upsert(R"(".")"), upsert(R"("../../etc/passwd")"), upsert(R"("")"), upsert(R"("a\u0000b")"),
                                    upsert(R"("a\nb")"), upsert("\"" + long_name + "\""), upsert(R"("billing","a/b")"), upsert(R"("vsecm-safe")")}) {
        auto const given = sentinel.post(secrets, body);
        INFO("body: " << body.substr(0, 100) << " -> " << given.body << given.error);
        CHECK(given.status == 400);
        CHECK(given.body.starts_with(R"({"err":")"));
    }
    for (std::string const& body : {std::string(), std::string("{}"), std::string(R"({"workloads":[""]})"), std::string(R"({"workloads":"x"})"), std::string("[")})
        CHECK(sentinel.send("DELETE", secrets, body).status == 400);
    // What an original accepted must be removable, so a deletion takes it; and touches nothing outside.
    std::ofstream(local.path("x.age")) << "not a secret";
    CHECK(sentinel.send("DELETE", secrets, R"({"workloads":["../x"]})").status == 200);
    CHECK(test::slurp(local.path("x.age")) == "not a secret");
    for (auto const* target : {"/", "/sentinel", "/sentinel/v2/secrets", "/workload/v1/secrets/../../x", "/%2e%2e/%2e%2e/etc/passwd", "/workload/v1/secrets%00", "/%zz"})
        CHECK(sentinel.get(target).status == 400);
    CHECK(test::slurp(local.path("data/billing.age")) == before);
    CHECK(local.inspect("billing").out == "TopSecret\n");
    CHECK_FALSE(std::filesystem::exists(local.path("b.age")));

    // Odd, but names all the same.
    for (auto const* name : {".hidden", "a b", "x.age", "foo.agent", "M\u00fcller", "a%2Fb", "-d"}) {
        CHECK(sentinel.post(secrets, upsert("\"" + std::string(name) + "\"")).status == 200);
        CHECK(sentinel.get(secrets).body.contains("\"" + std::string(name) + "\""));
    }
    local.kill_safe();
    sentinel.move_to(local.port("api"));
    for (auto const* name : {".hidden", "x.age", "foo.agent", "M\u00fcller"}) CHECK(sentinel.get(secrets).body.contains("\"" + std::string(name) + "\""));
}

TEST_CASE("an audit pipe that nobody reads: workloads go on, changes are refused, until it is read again") {
    test::system local({"billing", "shipping"});
    auto const pipe = local.scratch("audit-pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    {
        other_safe without_reader(local, {{"VSECM_SAFE_AUDIT_PATH", pipe}});
        CHECK(without_reader.child->wait(seconds{20}) == 1);
        CHECK(without_reader.child->err().contains("VSECM_SAFE_AUDIT_PATH"));
    }
    base::unique_fd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK));
    other_safe safe(local, {{"VSECM_SAFE_AUDIT_PATH", pipe}});
    test::caller sentinel(local.environment_of("vsecm-sentinel")), billing(local.environment_of("billing"));
    sentinel.move_to(safe.port());
    billing.move_to(safe.port());
    REQUIRE(sentinel.post(secrets, upsert(R"("billing")", "TopSecret")).status == 200);
    // Workloads may fill two of the four megabytes, and that stops nobody. Each of their lines carries 512 bytes of its target.
    auto const long_target = std::string(own) + "?" + std::string(12'000, 'x');
    for (int i = 0; i < 4000; ++i) {
        auto const given = billing.get(long_target);
        REQUIRE(given.status == 200);
        REQUIRE(given.body.contains("TopSecret"));
    }
    CHECK(sentinel.post(secrets, upsert(R"("billing")", "TopSecret")).status == 200);
    CHECK(safe.child->says("audit_lost", seconds{5}));
    // The rest is full soon, of lines with a hundred kilobytes of names each.
    std::string names;
    for (int i = 0; i < 1000; ++i) names += (i == 0 ? "\"" : ",\"") + std::string(120, 'n') + std::to_string(i) + "\"";
    unsigned last = 200;
    for (int i = 0; i < 50 && last == 200; ++i) last = sentinel.send("DELETE", secrets, "{\"workloads\":[" + names + "]}").status;
    CHECK(last == 503);
    auto const refused = sentinel.post(secrets, upsert(R"("shipping")", "Parcel"));
    CHECK(refused.status == 503);
    CHECK(refused.body.contains("audit"));
    CHECK(sentinel.send("DELETE", secrets, R"({"workloads":["billing"]})").status == 503);
    CHECK(sentinel.get(std::string(secrets) + "?reveal=true").status == 503);
    auto const listed = sentinel.get(secrets);
    CHECK(listed.body.contains("billing"));
    CHECK_FALSE(listed.body.contains("shipping"));
    CHECK_FALSE(sentinel.get("/sentinel/v1/status").body.contains("\"auditLost\":0"));
    // Read on, and all is well: nothing of what was done is missing.
    std::string lines, buffer(1 << 20, '\0');
    CHECK(test::eventually(seconds{20}, [&] {
        for (ssize_t n; (n = ::read(reader.get(), buffer.data(), buffer.size())) > 0;) lines.append(buffer, 0, static_cast<std::size_t>(n));
        return sentinel.post(secrets, upsert(R"("shipping")", "Parcel")).status == 200;
    }));
    CHECK(lines.contains("\"event\":\"upsert\",\"outcome\":\"ok\""));
    safe.child->signal(SIGTERM);
    CHECK(safe.child->wait(seconds{15}) == 0);
}

TEST_CASE("Q20: a hundred megabytes are refused at once, and cost nothing") {
    test::system local;
    test::caller sentinel(local.environment_of("vsecm-sentinel"));
    CHECK(sentinel.post(secrets, upsert(R"("billing")")).status == 200);
    [[maybe_unused]] auto const before = kilobytes(local.safe_pid(), "VmHWM");
    auto const began = std::chrono::steady_clock::now();
    auto const given = sentinel.post(secrets, std::string(100U << 20, 'x'));
    INFO(given.error);
    CHECK(given.status == 413);
    CHECK(std::chrono::steady_clock::now() - began < seconds{10});
#ifndef VSECM_SANITIZED
    CHECK(kilobytes(local.safe_pid(), "VmHWM") - before < 8 * 1024);
#endif
    CHECK(sentinel.post(secrets, upsert(R"("billing")", std::string(2U << 20, 'x'))).status == 413);  // fits a request, not a secret
    CHECK(sentinel.post(secrets, upsert(R"("billing")", std::string(1U << 20, 'y'))).status == 200);
    CHECK(sentinel.get("/" + std::string(20'000, 'a')).status == 431);
    CHECK(sentinel.get(secrets, {{"X-Long", std::string(20'000, 'a')}}).status == 431);
    CHECK(local.inspect("billing").status == 0);
}

TEST_CASE("Q61: a server that is not safe is asked nothing and told nothing, whoever vouches for it") {
    test::system local({"billing", "impostor"});
    test::scripted_safe impostor(local.environment_of("impostor"), "");
    impostor.answer_fetch(200, R"({"data":"planted","created":"","updated":""})");
    test::environment_map const there{{"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(impostor.port()) + "/"}};
    auto const fetched = local.run("billing", {"inspector"}, {}, there);
    CHECK((fetched.status != 0 && fetched.out.empty()));
    auto const put = local.run("vsecm-sentinel", {"sentinel", "-w", "billing", "-s", "TopSecret"}, {}, there);
    CHECK((put.status != 0 && put.out.empty()));
    CHECK(impostor.num_fetches() == 0);
}

TEST_CASE("Q8 Q9 Q10 Q32: every route, asked by every kind of caller") {
    test::system local({"billing", "vsecm-scout:vsecm-system", "vsecm-clerk:default"});
    struct request {
        std::string method, path, body;
    };
    std::string const clerk_body = R"({"key":"raw:note","data":"x"})";
    std::vector<request> const for_sentinel{{"GET", "/sentinel/v1/keystone", ""}, {"GET", secrets, ""}, {"GET", "/sentinel/v1/secrets%3Freveal=true", ""},
                                            {"GET", "/sentinel/v1/status", ""},   {"POST", secrets, upsert(R"("billing")")},
                                            {"POST", secrets, R"({"workloads":[],"value":"x","encrypt":true})"}};
    for (std::string const who : {"billing", "vsecm-sentinel", "vsecm-scout", "vsecm-clerk", "vsecm-safe", "vsecm-keystone"}) {
        test::caller caller(local.environment_of(who));
        auto const status_of = [&](request const& r) {
            auto const given = caller.send(r.method, r.path, r.body);
            INFO(who << " " << r.method << " " << r.path << " " << given.error << given.body);
            CHECK(given.from_vsecm());
            if (r.path != own || r.method != "GET") CHECK(given.status != 404);
            return given.status;
        };
        INFO(who);
        bool const is_sentinel = who == "vsecm-sentinel";
        for (auto const& r : for_sentinel) CHECK(status_of(r) == (is_sentinel ? 200 : 403));
        for (auto const* path : {"/sentinel/v1/keys", "/sentinel/v1/keys/rotate", "/sentinel/v1/keys/forget"})
            CHECK(status_of({"POST", path, path == std::string("/sentinel/v1/keys/rotate") ? R"({"agePublicKey":"x"})" : "{}"}) == (is_sentinel ? 400 : 403));
        CHECK(status_of({"DELETE", secrets, R"({"workloads":["no-such"]})"}) != 404);
        CHECK(status_of({"POST", own, clerk_body}) == (who == "vsecm-clerk" ? 200 : 403));
        CHECK(status_of({"PUT", secrets, ""}) == 405);
        CHECK(status_of({"DELETE", own, ""}) == 405);
        CHECK(status_of({"GET", "/nowhere", ""}) == 400);
        auto const fetched = status_of({"GET", own, ""});
        CHECK((fetched == 200 || fetched == 404));
    }
    // Only the scout reads what the clerk wrote, and the clerk writes nothing else.
    test::caller clerk(local.environment_of("vsecm-clerk")), scout(local.environment_of("vsecm-scout")), billing(local.environment_of("billing"));
    CHECK(clerk.post(own, R"({"key":"billing","data":"stolen"})").status == 403);
    CHECK(clerk.post(own, clerk_body).status == 200);
    CHECK(scout.get(own).body.contains("\"data\":\"x\""));
    CHECK_FALSE(billing.get(own).body.contains("stolen"));
}

TEST_CASE("without a certificate, without TLS, without sense: the port says nothing") {
    test::system local;
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    auto const port = local.port("api");
    CHECK(ask_without_certificate(port) == "");
    CHECK_FALSE(say(port, "GET /workload/v1/secrets HTTP/1.1\r\nHost: x\r\n\r\n").contains("HTTP/"));
    std::string garbage;
    for (unsigned i = 0; i < 65536; ++i) garbage += static_cast<char>(i * 2654435761U >> 13);
    for (std::string const& bytes : {garbage, std::string(1, '\x16'), std::string("\x16\x03\x01\xff\xff", 5) + garbage, std::string()}) {
        auto const heard = say(port, bytes);
        CHECK_FALSE(heard.starts_with("open"));
        CHECK_FALSE(heard.contains("HTTP/"));
    }
    CHECK(local.inspect("billing").out == "TopSecret\n");
    CHECK(local.inspect("vsecm-keystone").status == 6);
}

TEST_CASE("Q17 Q44: by hand the root key is given once, must open what is there, and is never replaced") {
    test::system local({"billing"}, {{"VSECM_ROOT_KEY_INPUT_MODE_MANUAL", "true"}});
    auto const new_key = [&] { return test::run({test::vsecm_binary(), "keygen"}, {{}, {}, local.scratch(""), "keygen"}).out.substr(1); };  // after an empty line
    auto const give = [&](std::string const& key) { return local.run("vsecm-sentinel", {"sentinel", "-i", "-"}, key); };
    auto const key = new_key(), other = new_key();
    auto const sealed = [&] {
        CHECK(local.inspect("billing").status == 3);
        CHECK(local.run("vsecm-sentinel", {"sentinel", "-w", "billing", "-s", "x"}).status == 3);
        CHECK(local.run("vsecm-sentinel", {"sentinel", "status"}).status == 3);
        test::caller workload(local.environment_of("billing"));
        CHECK(workload.get(own).status == 503);
        CHECK(test::plain_get(local.port("ready"), "/readyz").status == 503);
    };
    sealed();
    for (auto const* bad : {"", "nonsense", "AGE-SECRET-KEY-1QQQ\nage1qqq\n00"}) CHECK(give(bad).status != 0);
    sealed();
    auto const first = give(key);
    INFO(first.err);
    REQUIRE(first.status == 0);
    CHECK(test::plain_get(local.port("ready"), "/readyz").status == 200);
    local.sentinel({"-w", "billing", "-s", "TopSecret"});
    CHECK(give(key).status == 0);  // a repeated command
    CHECK(give(other).status == 2);
    test::caller sentinel(local.environment_of("vsecm-sentinel"));
    auto const line = [&](std::string const& text, int number) {
        std::size_t at = 0;
        for (int i = 0; i < number; ++i) at = text.find('\n', at) + 1;
        return text.substr(at, text.find('\n', at) - at);
    };
    auto const posted = [&](std::string const& text) {
        auto const given = sentinel.post("/sentinel/v1/keys", R"({"ageSecretKey":")" + line(text, 0) + R"(","agePublicKey":")" + line(text, 1) + R"(","aesCipherKey":")" + line(text, 2) + R"("})");
        CAPTURE(given.body, given.error);
        CHECK(given.status != 400);
        return given.status;
    };
    CHECK(posted(other) == 409);
    CHECK(posted(key) == 200);
    CHECK(local.inspect("billing").out == "TopSecret\n");

    local.kill_safe();
    sealed();
    auto const before = test::slurp(local.path("data/billing.age"));
    auto const wrong = give(other);
    INFO(wrong.err);
    CHECK(wrong.status == 2);
    CHECK(wrong.err.contains("key"));
    sealed();
    CHECK(test::slurp(local.path("data/billing.age")) == before);
    CHECK(give(key).status == 0);
    CHECK(local.inspect("billing").out == "TopSecret\n");
    CHECK_FALSE(std::filesystem::exists(local.path("root-key")));
}

TEST_CASE("a data folder that cannot be is told at the start; a full disk when it happens, and nothing is lost by it") {
    test::system local;
    auto const file = local.path("ports");  // a regular file
    other_safe nowhere(local, {{"VSECM_SAFE_DATA_PATH", file + "/data"}});
    CHECK(nowhere.child->wait(seconds{20}) == 1);
    INFO(nowhere.child->err());
    CHECK(nowhere.child->err().contains(file));

    other_safe full(local, {}, "ulimit -f 512");  // blocks of 512 or 1024 bytes: 256 or 512 KiB a file
    test::caller sentinel(local.environment_of("vsecm-sentinel")), billing(local.environment_of("billing"));
    sentinel.move_to(full.port());
    billing.move_to(full.port());
    CHECK(sentinel.post(secrets, upsert(R"("billing")", "small")).status == 200);
    for (int i = 0; i < 3; ++i) {
        auto const refused = sentinel.post(secrets, upsert(R"("billing","shipping")", std::string(900'000, 'x')));
        INFO(refused.body << refused.error);
        CHECK(refused.status == 507);
        CHECK(refused.body.contains("err"));
        CHECK(billing.get(own).body.contains("\"data\":\"small\""));
    }
    CHECK(sentinel.post(secrets, upsert(R"("billing")", "smaller")).status == 200);
    CHECK(billing.get(own).body.contains("\"data\":\"smaller\""));
    CHECK_FALSE(sentinel.get(secrets).body.contains("shipping"));
    full.child->signal(SIGTERM);
    CHECK(full.child->wait(seconds{20}) == 0);
}
