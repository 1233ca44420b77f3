#include "unit/roles/sentinel/scripted_safe.hpp"

using namespace vsecm;
using namespace vsecm::roles::sentinel;
using namespace vsecm::roles::sentinel::testing;
using api::exit_status;

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
