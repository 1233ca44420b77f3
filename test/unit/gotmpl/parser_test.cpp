#include "gotmpl/parser.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::gotmpl;

namespace {

// The tree as Go prints it, a block as its head, its body and "end"; or the message.
std::string shown(body const& b) {
    std::string out;
    for (auto const& s : b) {
        out += s.kind == statement_kind::text ? std::string(s.text) : text_of(s);
        if (s.kind != statement_kind::branch_if && s.kind != statement_kind::branch_with && s.kind != statement_kind::range) continue;
        out += shown(s.body);
        if (!s.otherwise.empty()) out += "{{else}}" + shown(s.otherwise);
        out += "{{end}}";
    }
    return out;
}

std::string parsed(std::string_view text) {
    auto const set = parse(text, "t", 100);
    return set ? shown(set->bodies.at("t")) : set.error().what;
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (; times > 0; --times) out += text;
    return out;
}

}  // namespace

TEST_CASE("the tree holds what was written") {
    CHECK(parsed("a{{ .X | .Y  1 }}b") == "a{{.X | .Y 1}}b");
    CHECK(parsed("{{$x:=.X|print}}{{$x =1}}") == "{{$x := .X | print}}{{$x = 1}}");
    CHECK(parsed("{{.X (.Y .Z).A (print)  `r` \"q\" 'c' 1i nil true $.a}}") == "{{.X (.Y .Z).A (print) `r` \"q\" 'c' 1i nil true $.a}}");
    CHECK(parsed("{{if .X}}1{{else if .Y}}2{{else}}3{{end}}") == "{{if .X}}1{{else}}{{if .Y}}2{{else}}3{{end}}{{end}}");
    CHECK(parsed("{{range $i, $x := .X}}{{break}}{{continue}}{{end}}") == "{{range $i, $x := .X}}{{break}}{{continue}}{{end}}");
    CHECK(parsed("{{with .X}}{{else with .Y}}{{.}}{{end}}") == "{{with .X}}{{else}}{{with .Y}}{{.}}{{end}}{{end}}");
    CHECK(parsed("{{template `x` .Y}}{{block \"y\" .}}z{{end}}") == "{{template \"x\" .Y}}{{template \"y\" .}}");
}

TEST_CASE("definitions are apart from the text") {
    auto const set = parse("a{{define \"x\"}}1{{end}}b{{block `y` .}}2{{end}}", "t", 100);
    REQUIRE(set.has_value());
    CHECK(shown(set->bodies.at("t")) == "ab{{template \"y\" .}}");
    CHECK(shown(set->bodies.at("x")) == "1");
    CHECK(shown(set->bodies.at("y")) == "2");
    CHECK(parsed("{{define \"t\"}}mine{{end}} \n") == "mine");  // blank text does not replace it
    CHECK(parsed("{{define \"t\"}}{{end}}text") == "text");
    CHECK(parsed("{{define \"x\"}}1{{end}}{{define \"x\"}}2{{end}}") == "template: t:1:42: template: multiple definition of template \"x\"");
}

TEST_CASE("messages name line and column, lines from 1, columns from 0") {
    CHECK(parsed("{{foo}}") == "template: t:1:2: function \"foo\" not defined");
    CHECK(parsed("é\n\n ab{{ .x |  foo}}") == "template: t:3:12: function \"foo\" not defined");
    CHECK(parsed("{{$x | print}}") == "template: t:1:2: undefined variable \"$x\"");
    CHECK(parsed("{{1 | print | 2}}") == "template: t:1:14: non executable command in pipeline stage 3");
    CHECK(parsed("{{\"a\".b}}") == "template: t:1:5: unexpected . after term \"\\\"a\\\"\"");
    CHECK(parsed("{{if .X}}") == "template: t:1:9: unexpected EOF");
    CHECK(parsed("{{end}}") == "template: t:1:5: unexpected {{end}}");
    CHECK(parsed("{{.x\n\n(1}}") == "template: t:3:2: unclosed left paren in action started at t:1");
    CHECK(parsed("\n{{.x\n") == "template: t:3:0: unclosed action started at t:2");
    CHECK(parsed("{{break}}") == "template: t:1:2: {{break}} outside {{range}}");
    CHECK(parsed("{{range 1}}{{define \"a\"}}{{end}}{{end}}") == "template: t:1:13: unexpected <define> in command");
    CHECK(parsed("{{print `\xFF` ~}}") == "template: t:1:12: unexpected \"~\" in operand");
}

TEST_CASE("what stands in one another is bounded") {
    CHECK(parsed("{{" + repeated("(", 100) + "1" + repeated(")", 100) + "}}").starts_with("{{("));
    CHECK(parsed("{{" + repeated("(", 101) + "1" + repeated(")", 101) + "}}") == "template: t:1:102: max expression depth exceeded");
    CHECK(parsed(repeated("{{if 1}}", 100) + repeated("{{end}}", 100)).starts_with("{{if 1}}"));
    for (std::string_view const opening : {"{{if 1}}", "{{range 1}}", "{{with 1}}", "{{block `x` 1}}", "{{if 1}}{{else}}"}) {
        auto const refused = parse(repeated(opening, 101), "t", 100);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == base::errc::too_large);
    }
    CHECK(parsed("{{if 1}}" + repeated("{{else if 1}}", 100)) .ends_with("more than 100 blocks in one another"));
}

TEST_CASE("variables at once are bounded, one after the other they are not") {
    std::string many, apart;
    for (int i = 0; i < 1000; ++i) {
        many += "{{$v" + std::to_string(i) + " := 1}}";
        apart += "{{if 1}}{{$x := 1}}{{$y := 1}}{{end}}";
    }
    CHECK(parsed(many).ends_with("more than 1000 variables"));
    CHECK(parsed(apart).starts_with("{{if 1}}"));
}
