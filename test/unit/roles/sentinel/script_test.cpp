#include "roles/sentinel/script.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sodium.h>

using namespace vsecm;
using namespace vsecm::roles::sentinel;
using base::errc;
using std::chrono::milliseconds;
using names = std::vector<std::string>;

namespace {

[[maybe_unused]] int const sodium_ready = sodium_init();

script parsed(std::string_view text, std::string_view prefix = "gen:") {
    auto all = parse_script(base::secret_text(text), prefix);
    if (!all) FAIL(all.error().what);
    return *std::move(all);
}

std::string refused(std::string_view text) {
    auto const all = parse_script(base::secret_text(text), "gen:");
    REQUIRE_FALSE(all.has_value());
    return all.error().what;
}

}  // namespace

TEST_CASE("the published script") {
    auto const all = parsed("w:k8s:keycloak-secret\nn:smo-app\ns:{\"user\":\"admin\"}\n--\nsleep:5000\n--\nw:keycloak\nn:default\ns:init\n--\n");
    REQUIRE(all.blocks.size() == 3);
    auto const& first = *all.blocks[0].command;
    CHECK(all.blocks[0].line == 1);
    CHECK(first.asked.what == verb::put);
    CHECK(first.asked.workloads == names{"k8s:keycloak-secret"});
    CHECK(first.asked.namespaces == names{"smo-app"});
    CHECK(first.value.view() == R"({"user":"admin"})");
    CHECK(first.asked.format == "json");
    CHECK_FALSE(all.blocks[1].command.has_value());
    CHECK(all.blocks[1].pause == milliseconds{5000});
    CHECK(all.blocks[2].line == 7);
    CHECK(describe(all.blocks[0]) == "put k8s:keycloak-secret");
    CHECK(describe(all.blocks[1]) == "wait 5000 ms");
}

TEST_CASE("all keys") {
    auto const all = parsed("w: a, b ,c\nw:d\nn:x,y\ns: kept: as-it is\nf:none\nN:2026-01-31T00:00:00Z\nE: never\nb:memory\na:true\n--\n"
                            "w:a\nd:\n--\nw:a\ns:Y2lwaGVy\ne:true\n");
    REQUIRE(all.blocks.size() == 3);
    auto const& put = *all.blocks[0].command;
    CHECK(put.asked.workloads == names{"a", "b", "c", "d"});
    CHECK(put.asked.namespaces == names{"x", "y"});
    CHECK(put.value.view() == " kept: as-it is");
    CHECK(put.asked.format == "none");
    CHECK(put.asked.not_before == "2026-01-31T00:00:00Z");
    CHECK(put.asked.expires == "never");
    CHECK(put.asked.store == "memory");
    CHECK(put.asked.append);
    CHECK(describe(all.blocks[0]) == "append to a, b, c, d");
    CHECK(all.blocks[1].command->asked.what == verb::remove);
    CHECK(describe(all.blocks[1]) == "delete a");
    CHECK(all.blocks[2].command->asked.encrypted);
    CHECK(all.blocks[2].command->asked.namespaces == names{"default"});
}

TEST_CASE("a template is everything behind the colon, and a format any of the command line's") {
    auto const all = parsed("w:a\ns:{\"u\":1}\nt:{\"U\": \"{{.u}}:{{.u}}\"}\nf: yaml\n--\nw:b\ns:x\nt:\nf:raw\n");
    CHECK(all.blocks[0].command->asked.template_text == "{\"U\": \"{{.u}}:{{.u}}\"}");
    CHECK(all.blocks[0].command->asked.format == "yaml");
    CHECK(all.blocks[1].command->asked.template_text.empty());
    CHECK(all.blocks[1].command->asked.format == "raw");
    CHECK(refused("w:a\ns:x\nf:xml\n").starts_with("lines 1 to 3: -f takes"));
}

TEST_CASE("every spelling of waiting and leaving") {
    CHECK(parsed("wait:20").blocks[0].pause == milliseconds{20});
    CHECK(parsed("sleep: 20 \n--\n").blocks[0].pause == milliseconds{20});
    CHECK(parsed("wait:0").blocks.size() == 1);
    for (std::string_view const leave : {"exit", "exit:true", " exit : true ", "exit\r"}) {
        INFO(leave);
        CHECK(parsed(std::string(leave) + "\n--\nno script at all\n").blocks.empty());
        CHECK(parsed("w:a\ns:b\n--\n" + std::string(leave) + "\nw:c\ns:d\n--\n").blocks.size() == 1);
    }
    CHECK(refused("exit:false\n").starts_with("line 1: "));
    CHECK(refused("\nw:a\ns:b\nexit\n").starts_with("line 4: `exit` stands in a block"));
}

TEST_CASE("Q56: the last block needs no end, and empty ones are none") {
    CHECK(parsed("w:a\ns:b").blocks.size() == 1);
    CHECK(parsed("w:a\r\ns:b\r\n--\r\n\r\nw:c\r\ns:d").blocks.at(1).command->value.view() == "d");
    CHECK(parsed("").blocks.empty());
    CHECK(parsed("--\n\n--\n# a word to the reader: it is none of ours\n--").blocks.empty());
    CHECK(parsed("  w:a\n\ts:b  \n").blocks[0].command->value.view() == "b");
}

TEST_CASE("a dash is a dash, and a value may look like anything") {
    auto const dash = parsed("w:a\ns:-");
    CHECK(dash.blocks[0].command->value.view() == "-");
    CHECK(dash.blocks[0].command->asked.format == "json");
    for (std::string_view const value : {"-d", "--list", "a:b:c", "{\"a\":\"--\"}", "--secret-file"})
        CHECK(parsed("w:a\ns:" + std::string(value)).blocks[0].command->value.view() == value);
}

TEST_CASE("values are generated when the script is read") {
    auto const all = parsed("w:a\ns:gen:admin-[a-z]{16}\n--\nw:b\ns:gen:admin-[a-z]{16}\n");
    auto const& one = *all.blocks[0].command;
    CHECK(one.asked.value.from == secret_source::kind::pattern);
    CHECK(one.value.size() == 22);
    CHECK(one.value.view() != all.blocks[1].command->value.view());
    CHECK(parsed("w:a\ns:gen:x", "make:").blocks[0].command->value.view() == "gen:x");
    CHECK(refused("\nw:a\ns:gen:[z-a]{3}").starts_with("lines 2 to 3: column 2 of the pattern"));
}

TEST_CASE("what cannot be done is refused, with its line, and never with a value") {
    struct row {
        std::string text, begin;
    };
    for (auto const& [text, begin] : {
             row{"hunter2", "line 1: "},
             row{"w:a\ns:-----BEGIN\nhunter2\n", "line 3: "},
             row{"w:a\ns:x\n--\nhunter2:x\n", "line 4: "},
             row{"W:a\ns:hunter2\n", "line 1: "},
             row{":hunter2\n", "line 1: "},
             row{"w:a\ni:hunter2\n", "line 2: "},
             row{"sleep:hunter2", "line 1: "},
             row{"wait:-1", "line 1: "},
             row{"wait:", "line 1: "},
             row{"wait:1\nsleep:2", "line 2: "},
             row{"\nw:a\nwait:1\ns:hunter2\n", "lines 2 to 4: "},
             row{"w:a\nd:false\n", "line 2: "},
             row{"w:a\ns:hunter2\ne:no\n", "line 3: "},
             row{"s:hunter2\n--\n", "lines 1 to 1: "},
             row{"s:hunter2\ne:\n--\n", "lines 1 to 2: "},
             row{"w:a\n--\n", "lines 1 to 1: "},
             row{"w:a\ns:\n--\n", "lines 1 to 2: "},
             row{"w:a\n\ns:hunter2\nE:hunter2", "lines 1 to 4: -E "},
             row{"w:a\ns:hunter2\nN:hunter2", "lines 1 to 3: -N "},
             row{"w:a\ns:hunter2\nf:hunter2", "lines 1 to 3: -f "},
             row{"w:a\ns:hunter2\nb:hunter2", "lines 1 to 3: -b "},
             row{"w:a,,b\ns:hunter2", "lines 1 to 2: -w"},
             row{"w:a/hunter2\ns:x", "lines 1 to 2: -w"},
             row{"w:a\nn:hunter 2\ns:x", "lines 1 to 3: -n"},
             row{"w:a\ns:hunter2\ns:hunter2", "lines 1 to 3: -s"},
             row{"w:a\ns:gen:[a-z]{8}\na:\n", "lines 1 to 3: `a` and a pattern"},
             row{"w:a\ns:hunter2\xff", "lines 1 to 2: "},
         }) {
        INFO(text);
        auto const why = refused(text);
        CHECK(why.starts_with(begin));
        CHECK(why.find("hunter") == std::string::npos);
    }
    CHECK(parse_script(base::secret_text(std::string(max_script_len + 1, '\n')), "gen:").error().code == errc::too_large);
}

TEST_CASE("a YAML list says the same as lines do") {
    auto const lines = parsed("w:app,billing\nn:default,x\ns:hunter2\nf:none\n--\nwait:5\n--\nw:old\nd:\n");
    auto const list = parse_script_or_list(base::secret_text("# what we have\n- w: [app, billing]\n  n: [default, x]\n  s: hunter2\n  f: none\n- wait: 5\n- {w: old, d: true}\n"), "gen:");
    REQUIRE(list);
    REQUIRE(list->blocks.size() == lines.blocks.size());
    for (std::size_t i = 0; i < list->blocks.size(); ++i) {
        auto const& a = lines.blocks[i];
        auto const& b = list->blocks[i];
        CHECK(describe(a) == describe(b));
        CHECK(a.pause == b.pause);
        REQUIRE(a.command.has_value() == b.command.has_value());
        if (!a.command) continue;
        CHECK(a.command->value.view() == b.command->value.view());
        CHECK(a.command->asked.namespaces == b.command->asked.namespaces);
        CHECK(a.command->asked.format == b.command->asked.format);
    }
    CHECK(list->blocks[0].line == 2);
}

TEST_CASE("in YAML a value may have several lines, commas and dashes") {
    auto const list = parse_script_or_list(base::secret_text("---\n- w: app\n  s: |\n    first, line\n    -- second\n"), "gen:");
    REQUIRE(list);
    CHECK(list->blocks.at(0).command->value.view() == "first, line\n-- second\n");
}

TEST_CASE("errors of a YAML list name the line, never a value") {
    struct { std::string_view text, what; } const cases[] = {
        {"- w: app\n  q: hunter2\n", "line 2: the key is none of"},
        {"- w: app\n  s: [hunter2, x]\n", "line 2: only w and n take a list"},
        {"- {}\n", "line 1: the block is empty"},
        {"- s: hunter2\n", "line 1: "},
        {"- w: b\n  s: x\n  i: hunter2\n", "line 3: a script cannot give the root key"},
        {"- w: app\n  s: 'hunter2\n", "this is no YAML"},
        {"- w: app\n  s: hunter2\n  wait: 5\n", "a block that waits does nothing else"},
    };
    for (auto const& c : cases) {
        auto const list = parse_script_or_list(base::secret_text(c.text), "gen:");
        REQUIRE_FALSE(list);
        CHECK(list.error().what.find(c.what) != std::string::npos);
        CHECK(list.error().what.find("hunter2") == std::string::npos);
    }
}
