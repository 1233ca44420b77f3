#include "roles/sentinel/actions.hpp"

#include "net/address.hpp"
#include "net/http_server.hpp"
#include "support/run_loop.hpp"
#include "support/tls_identity.hpp"

#include <catch2/catch_test_macros.hpp>

#include <mutex>
#include <thread>

using namespace vsecm;
using namespace vsecm::roles::sentinel;
using api::exit_status;
using base::secret_text;

namespace {

// Answers as it is told to, over real mutual TLS; remembers what it was asked.
class scripted_safe final : public net::http_handler {
public:
    struct answer {
        unsigned status = 200;
        std::string body;
        std::string warning;
    };

    // Without a server header it is an original.
    explicit scripted_safe(std::string server_header) {
        net::http_server_options options;
        options.server_header = std::move(server_header);
        auto listener = net::listen_tcp({"127.0.0.1", 0});
        REQUIRE(listener.has_value());
        auto const context = ca.context(net::tls_role::server, server_leaf, "X25519");
        server = std::make_unique<net::http_server>(loops, *std::move(listener), test::source_of(context), *this, options);
        server->start();
        loops.set_grace(std::chrono::seconds(2));
        loops.on_stop("http", [this] { server->stop_taking_in(); });
        thread = std::thread([this] { loops.run(); });
    }
    ~scripted_safe() override {
        loops.stop();
        thread.join();
    }

    net::awaitable<net::http_response> handle(net::http_request& request, net::http_exchange&) override {
        std::scoped_lock const guard(lock);
        auto const asked = request.method + " " + request.path;
        requests.push_back(asked);
        bodies.emplace_back(request.body.view());
        net::http_response response;
        auto const found = answers.find(asked);
        if (found == answers.end()) {
            response.status = 400;
            co_return response;
        }
        response.status = found->second.status;
        response.body = secret_text(found->second.body);
        if (!found->second.warning.empty()) response.headers.emplace_back(api::header_warning, found->second.warning);
        co_return response;
    }

    outcome perform(std::vector<std::string_view> words, std::string const& below = {}) {
        auto asked = parse_command_line(words);
        REQUIRE(asked.has_value());
        prepared_command ready;
        ready.value = secret_text(asked->value.text);
        ready.asked = *std::move(asked);
        test::run_loop loop;
        client::safe_client safe(loop.executor(), test::source_of(client), {"127.0.0.1", server->port(), below});
        auto result = loop.run(roles::sentinel::perform(safe, std::move(ready)));
        safe.close();
        return result;
    }

    std::mutex lock;
    std::map<std::string, answer> answers;
    std::vector<std::string> requests, bodies;

    test::test_ca ca;
    test::leaf server_leaf = ca.issue("spiffe://test/safe");
    test::leaf client_leaf = ca.issue("spiffe://test/sentinel");
    std::shared_ptr<net::tls_context const> client = ca.context(net::tls_role::client, client_leaf, "X25519");
    net::runtime loops{1};
    std::unique_ptr<net::http_server> server;
    std::thread thread;
};

constexpr char list[] = "GET /sentinel/v1/secrets";
constexpr char put[] = "POST /sentinel/v1/secrets";
constexpr char status[] = "GET /sentinel/v1/status";

}  // namespace

TEST_CASE("an original safe is never told what it would ignore") {
    scripted_safe original("");
    original.answers[put] = {200, "OK", ""};
    original.answers[list] = {200, R"({"secrets":[]})", ""};
    for (auto const& words : {std::vector<std::string_view>{"-w", "a", "-s", "x", "-a"}, {"-w", "a", "-s", "x", "-b", "memory"}, {"-w", "a", "-s", "x", "--if-version", "0"},
                              {"-w", "a", "--versions"}, {"-w", "a", "--rollback", "1"}, {"-w", "a", "--undelete"}}) {
        original.requests.clear();
        auto const result = original.perform(words);
        CHECK(result.status == exit_status::refused);
        CHECK(result.out.empty());
        REQUIRE(result.sentences.size() == 1);
        CHECK(result.sentences[0].find("nothing was written") != std::string::npos);
        for (auto const& request : original.requests) CHECK_FALSE(request.starts_with("POST"));
    }
    auto const plain = original.perform({"-w", "a", "-s", "x"});
    CHECK(plain.status == exit_status::done);
    CHECK(plain.out.view() == "\nOK\n\n");
    CHECK(original.bodies.back() ==
          R"({"workloads":["a"],"namespaces":["default"],"value":"x","template":"","format":"json","encrypt":false,"notBefore":"now","expires":"never"})");
}

TEST_CASE("versions are told a line each, or as safe's own JSON; rollback and undelete say what they mean") {
    scripted_safe ours("vsecm/test");
    ours.answers[status] = {200, R"({"phase":"serving"})", ""};
    std::string const body = R"({"name":"a","versions":[{"version":3,"state":"deleted","updated":"2026-01-02T03:04:05Z","size":0},)"
                             R"({"version":2,"state":"earlier","updated":"2026-01-01T00:00:00Z","size":12},{"version":1,"state":"damaged","size":0}]})";
    ours.answers["GET /sentinel/v1/secrets/versions"] = {200, body, ""};
    CHECK(ours.perform({"-w", "a", "--versions"}).out.view() == "3  2026-01-02T03:04:05Z  deleted\n2  2026-01-01T00:00:00Z  12 bytes\n1  damaged\n");
    CHECK(ours.perform({"-w", "a", "--versions", "--output", "json"}).out.view() == body + "\n");
    ours.answers["POST /sentinel/v1/secrets/rollback"] = {200, "OK", ""};
    CHECK(ours.perform({"-w", "a", "--rollback", "2", "--if-version", "4"}).out.view() == "\nOK\n\n");
    CHECK(ours.bodies.back() == R"({"workloads":["a"],"version":2,"ifVersion":4})");
    ours.answers["POST /sentinel/v1/secrets/undelete"] = {400, R"({"err":"there is no secret named `a`","code":"not_found"})", ""};
    auto const missing = ours.perform({"-w", "a", "--undelete"});
    CHECK(missing.status == exit_status::not_found);
    CHECK(missing.sentences == std::vector<std::string>{"there is no secret named `a`"});
    CHECK(ours.bodies.back() == R"({"workloads":["a"]})");
}

TEST_CASE("status of an original safe is its keystone's") {
    scripted_safe original("");
    original.answers["GET /sentinel/v1/keystone"] = {200, R"({"status":"pending"})", ""};
    auto const result = original.perform({"status"});
    CHECK(result.status == exit_status::done);
    CHECK(result.out.view() == "server: an original VMware Secrets Manager\nkeystone: pending\n");
    CHECK(original.perform({"status", "--output", "json"}).out.view() == "{\"server\":\"original\",\"keystone\":\"pending\"}\n");
}

TEST_CASE("Q52: what an original refuses without a word is still told, and is not success") {
    scripted_safe original("");
    auto const result = original.perform({"-w", "a", "-s", "x"});
    CHECK(result.status == exit_status::refused);
    CHECK(result.sentences == std::vector<std::string>{"the server answered 400 without a reason"});
    original.answers[list] = {503, "NOK!", ""};
    CHECK(original.perform({"-l"}).status == exit_status::unreachable);
}

TEST_CASE("refusals of ours become sentences and exit statuses") {
    scripted_safe ours("vsecm/test");
    struct {
        unsigned http;
        base::errc code;
        exit_status exit;
    } const cases[] = {{403, base::errc::denied, exit_status::refused},     {400, base::errc::invalid, exit_status::refused},
                       {409, base::errc::conflict, exit_status::refused},   {413, base::errc::too_large, exit_status::refused},
                       {429, base::errc::limited, exit_status::refused},    {507, base::errc::storage, exit_status::refused},
                       {503, base::errc::sealed, exit_status::sealed},      {400, base::errc::not_found, exit_status::not_found},
                       {503, base::errc::unavailable, exit_status::unreachable}, {500, base::errc::internal, exit_status::refused}};
    for (auto const& c : cases) {
        ours.answers[put] = {c.http, std::string(api::write_error_body({c.code, "because"}).view()), ""};
        auto const result = ours.perform({"-w", "a", "-s", "x"});
        CHECK(result.status == c.exit);
        CHECK(result.out.empty());
        REQUIRE(result.sentences.size() == 1);
        CHECK(result.sentences[0].starts_with("because"));
    }
}

TEST_CASE("warnings are told, and nothing can rewrite the terminal") {
    scripted_safe ours("vsecm/test");
    ours.answers[put] = {200, "OK", "stored, but waiting"};
    auto const result = ours.perform({"-w", "a", "-s", "x"});
    CHECK(result.sentences == std::vector<std::string>{"warning: stored, but waiting"});
    CHECK(result.out.view() == "\nOK\n\n");
    ours.answers[put] = {400, "{\"err\":\"a\\u001b[2Jb\",\"code\":\"invalid\"}", ""};
    CHECK(ours.perform({"-w", "a", "-s", "x"}).sentences.at(0) == "a?[2Jb");
}

TEST_CASE("status of ours decides the exit status by its phase") {
    scripted_safe ours("vsecm/test");
    ours.answers[status] = {200, R"({"server":"vsecm/1","phase":"serving","secrets":3,"ok":true})", ""};
    CHECK(ours.perform({"status"}).out.view() == "server: vsecm/1\nphase: serving\nsecrets: 3\nok: true\n");
    CHECK(ours.perform({"status"}).status == exit_status::done);
    ours.answers[status] = {200, R"({"phase":"sealed"})", ""};
    CHECK(ours.perform({"status"}).status == exit_status::sealed);
    ours.answers[status] = {200, R"({"phase":"starting"})", ""};
    CHECK(ours.perform({"status", "--output", "json"}).status == exit_status::unreachable);
    // What an original would ignore asks first, then writes.
    ours.answers[put] = {200, "OK", ""};
    ours.requests.clear();
    CHECK(ours.perform({"-w", "a", "-s", "x", "-a"}).status == exit_status::done);
    CHECK(ours.requests == std::vector<std::string>{status, put});
    CHECK(ours.bodies.back().ends_with(R"("appendValue":true})"));
    CHECK(ours.perform({"-w", "a", "-s", "x", "--if-version", "7"}).status == exit_status::done);
    CHECK(ours.bodies.back().ends_with(R"("ifVersion":7})"));
}

TEST_CASE("an endpoint with a path has it in front of every route, once") {
    scripted_safe server("vsecm/test");
    server.answers["GET /below/sentinel/v1/secrets"] = {200, R"({"secrets":[]})", ""};
    CHECK(server.perform({"-l"}, "/below").status == exit_status::done);
}
