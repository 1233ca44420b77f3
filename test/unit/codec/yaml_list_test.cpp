#include "codec/yaml_list.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using base::errc;

namespace {

// "name=value,value;…|…": fields of an item, items.
std::string shown(std::string_view text) {
    auto const items = codec::read_yaml_list(text);
    if (!items) return "error: " + items.error().what;
    std::string out;
    for (auto const& item : *items) {
        if (!out.empty()) out += '|';
        for (auto const& field : item.fields) {
            out += field.name + '=';
            for (auto const& value : field.values) out.append(value.view()).append(",");
            out += ';';
        }
    }
    return out;
}

}  // namespace

TEST_CASE("a list of maps, in every shape YAML has for them") {
    CHECK(shown("- w: app\n  s: one\n- w: [a, b]\n") == "w=app,;s=one,;|w=a,b,;");
    CHECK(shown("[{w: app, s: 'it''s'}]") == "w=app,;s=it's,;");
    CHECK(shown("---\n-\n  w:\n  - a\n  - b\n  s: |\n    two\n    lines\n") == "w=a,b,;s=two\nlines\n,;");
    CHECK(shown("- w: |\n    a\n- s: |-\n    b\n- t: |+\n    c\n\n") == "w=a\n,;|s=b,;|t=c\n\n,;");
    CHECK(shown("- t: |+\n    c\n") == "t=c\n,;");
    CHECK(shown("- t: |\n    c") == "t=c,;");
    CHECK(shown("[]").empty());
    CHECK(shown("- w: app\n  s: \"\\0x\"\n") == std::string("w=app,;s=\0x,;", 13));
}

TEST_CASE("scalars are texts as they are written") {
    CHECK(shown("- e: true\n  a: 0644\n  b: 1.50\n  c: 2026-01-31\n  d: ~\n  f: \"null\"\n") ==
          "error: line 5: a value is a text, or a list of texts");
    CHECK(shown("- e: true\n  a: 0644\n  b: 1.50\n  c: 2026-01-31\n  f: \"null\"\n") == "e=true,;a=0644,;b=1.50,;c=2026-01-31,;f=null,;");
}

TEST_CASE("anything else is refused, with its place and without its text") {
    CHECK(shown("hunter2") == "error: line 1: a list of blocks is wanted");
    CHECK(shown("w: hunter2") == "error: line 1: a list of blocks is wanted");
    CHECK(shown("- hunter2") == "error: line 1: an item of the list is a map of fields");
    CHECK(shown("- w: {a: hunter2}") == "error: line 1: a value is a text, or a list of texts");
    CHECK(shown("- w: app\n  s: [[hunter2]]") == "error: line 2: a value is a text, or a list of texts");
    CHECK(shown("- w: app\n  w: hunter2\n") == "error: line 2: the field is given twice");
    CHECK(shown("- [w]: hunter2") == "error: line 1: a field's name is a word");
    CHECK(shown("- w: app\n---\n- w: hunter2\n") == "error: one YAML document is wanted, 2 came");
    CHECK(shown("") == "error: one YAML document is wanted, 0 came");
    CHECK(shown("- w: \"hunter2\n") .starts_with("error: line "));
    CHECK(shown("- w: \"hunter2\n").find("hunter2") == std::string::npos);
    CHECK(shown("- w: *hunter2\n").find("hunter2") == std::string::npos);
    CHECK(shown(std::string(100'000, '[')).starts_with("error: line "));
}

TEST_CASE("aliases are values written once, and cannot explode") {
    CHECK(shown("- w: &x app\n  s: *x\n") == "w=app,;s=app,;");
    CHECK(shown("- &a {w: x}\n- &b [*a, *a]\n") == "error: line 2: an item of the list is a map of fields");
    std::string repeated = "- &a {w: " + std::string(400'000, 'x') + "}\n";
    for (int i = 0; i < 1000; ++i) repeated += "- *a\n";
    auto const refused = codec::read_yaml_list(repeated);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::too_large);
}
