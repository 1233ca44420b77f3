#include "roles/sentinel/script_run.hpp"

#include "roles/sentinel/apply.hpp"
#include "unit/roles/sentinel/scripted_safe.hpp"

#include <sodium.h>

using namespace vsecm;
using namespace vsecm::roles::sentinel;
using namespace vsecm::roles::sentinel::testing;
using base::errc;

namespace {

[[maybe_unused]] int const sodium_ready = sodium_init();

script parsed(std::string_view text) {
    auto all = parse_script(base::secret_text(text), "gen:");
    if (!all) FAIL(all.error().what);
    return *std::move(all);
}

std::string digest_of(std::string_view text) { return marks_of(parsed(text), 1).back(); }

base::result<block_report> run_first(scripted_safe& safe, script const& all) {
    return safe.ask<base::result<block_report>>([&](client::safe_client& client) { return run_block(client, all.blocks.front()); });
}

}  // namespace

TEST_CASE("whatever was changed in a block that is done, the script is another") {
    std::string const block = "w:db\nn:default\ns:typo\n";
    auto const before = digest_of(block);
    CHECK(digest_of("# a word to the reader\n" + block + "--\n") == before);
    for (std::string_view const changed : {"w:db\nn:default\ns:corrected\n", "w:db\nn:other\ns:typo\n", "w:db\nn:default,other\ns:typo\n",
                                           "w:db\nn:default\ns:typo\nf:none\n", "w:db\nn:default\ns:typo\nE:2999-01-01T00:00:00Z\n",
                                           "w:db\nn:default\ns:typo\nN:2001-01-01T00:00:00Z\n", "w:db\nn:default\ns:typo\nb:memory\n",
                                           "w:db\nn:default\ns:typo\na:\n", "w:db\nn:default\ns:typo\ne:\n", "w:db\nn:default\ns:gen:[a-z]{8}\n",
                                           "w:db,b\nn:default\ns:typo\n", "w:db\nd:\n"}) {
        INFO(changed);
        CHECK(digest_of(changed) != before);
    }
    std::string_view const generated = "w:db\ns:gen:[a-z]{16}\n";
    CHECK(digest_of(generated) == digest_of(generated));
    CHECK(digest_of(generated) != digest_of("w:db\ns:gen:[a-z]{17}\n"));
    CHECK(digest_of("wait:1\n") != digest_of("wait:2\n"));
}

TEST_CASE("of two runs at once, one puts the generated secret") {
    scripted_safe ours("vsecm/test");
    ours.answers[list] = {200, R"({"secrets":[]})", ""};
    ours.answers[status] = {200, R"({"phase":"serving"})", ""};
    ours.answers[put] = {409, std::string(api::write_error_body({errc::conflict, "version 0 was expected, it is 1"}).view()), ""};
    ours.on_request = [&](std::string const& asked) {  // the other one was quicker
        if (asked == put) ours.answers[list].body = R"({"secrets":[{"name":"db","created":"","updated":"","notBefore":"","expiresAfter":"","version":1}]})";
    };
    auto const report = run_first(ours, parsed("w:db\ns:gen:[a-z]{16}\n"));
    REQUIRE(report.has_value());
    CHECK(report->what == "left as it is: db is there already");
    CHECK(std::ranges::count(ours.requests, std::string(put)) == 1);
    CHECK(std::ranges::count_if(ours.bodies, [](std::string const& body) { return body.ends_with(R"("ifVersion":0})"); }) == 1);
    SECTION("who always loses does not try for ever") {
        ours.answers[list].body = R"({"secrets":[]})";
        ours.on_request = nullptr;
        auto const lost = run_first(ours, parsed("w:db\ns:gen:[a-z]{16}\n"));
        REQUIRE_FALSE(lost.has_value());
        CHECK(lost.error().code == errc::conflict);
    }
}

TEST_CASE("an original safe is sent a generated secret as it can read it") {
    scripted_safe original("");
    original.answers[list] = {200, R"({"secrets":[]})", ""};
    original.answers[put] = {200, "OK", ""};
    REQUIRE(run_first(original, parsed("w:db\ns:gen:[a-z]{16}\n")).has_value());
    CHECK(original.requests == std::vector<std::string>{list, put});
    CHECK_FALSE(original.bodies.back().contains("ifVersion"));
}

TEST_CASE("a secret that nobody can read is not there already") {
    scripted_safe ours("vsecm/test");
    ours.answers[put] = {200, "OK", ""};
    auto const item = [](std::string_view state) {
        return std::format(R"({{"secrets":[{{"name":"db","created":"","updated":"","notBefore":"","expiresAfter":"","version":3,"status":"{}"}}]}})", state);
    };
    auto const all = parsed("w:db\ns:gen:[a-z]{16}\n");
    ours.answers[list] = {200, item("damaged"), ""};
    auto const damaged = run_first(ours, all);
    REQUIRE_FALSE(damaged.has_value());
    CHECK(damaged.error().what.contains("db"));
    CHECK_FALSE(std::ranges::contains(ours.requests, std::string(put)));
    ours.answers[list] = {200, item("expired"), ""};
    auto const expired = run_first(ours, all);
    REQUIRE(expired.has_value());
    CHECK(expired->what == "done");
    CHECK(ours.requests.back() == put);
}

TEST_CASE("what an original safe would ignore in any block is refused before the first") {
    for (std::string_view const option : {"a:", "b:memory"}) {
        scripted_safe original("");
        original.answers[put] = {200, "OK", ""};
        original.answers[list] = {200, R"({"secrets":[]})", ""};
        std::vector<unsigned> lines;
        auto const all = parsed(std::format("w:first\ns:x\n--\nw:second\ns:x\n{}\n", option));
        teller const tell = [&](block_news const& news) { lines.push_back(news.line); };
        auto const result = original.ask<outcome>([&](client::safe_client& safe) { return apply(safe, all, tell); });
        CHECK(result.status == api::exit_status::refused);
        CHECK(lines.empty());
        for (auto const& request : original.requests) CHECK_FALSE(request.starts_with("POST"));
    }
}
