// What the goldens cannot say: names, messages without data, and what they leave out on purpose.
#include "support.hpp"

using namespace vsecm;
using namespace vsecm::gotmpl;
using test::render_with;

TEST_CASE("a template is rendered to exact bytes") {
    CHECK(render_with("", "{}").empty());
    CHECK(render_with("a\n{{.x}}\xFF", R"({"x":"\u0000\n"})") == std::string("a\n\0\n\xFF", 5));
    CHECK(render_with("{{.}}", "null") == "<no value>");
    CHECK(render_with("{{.a.b.c}}|{{print .a}}", "{}") == "<no value>|<nil>");
}

TEST_CASE("messages name the template, line, column and node") {
    CHECK(render_with("a\n {{.a.b}}", R"({"a":null})") == "error: template: secret:2:5: executing \"secret\" at <.a.b>: nil pointer evaluating interface {}.b");
    CHECK(render_with("{{define \"x\"}}\n{{.a}}{{end}}{{template \"x\" 1}}", "{}", {.name = "n"}) ==
          "error: template: n:2:2: executing \"x\" at <.a>: can't evaluate field a in type int");
    CHECK(render_with("{{$x", "{}", {.name = "n"}) == "error: template: n:1:2: undefined variable \"$x\"");
}

TEST_CASE("a long node is cut in messages") {
    std::string const name(5000, 'x');
    for (auto const& text : {"{{index `" + name + "` .}}", "{{." + name + "}}", "{{template `" + name + "`}}", "{{" + name + "}}", "{{$" + name + "}}",
                             "{{define `" + name + "`}}{{len 1}}{{end}}{{template `" + name + "`}}", "{{'" + name + "'}}"}) {
        auto const message = render_with(text, "1");
        CHECK(message.starts_with("error: "));
        CHECK(message.contains("x..."));
        CHECK(message.size() < 700);
    }
}

TEST_CASE("no message holds a value") {
    constexpr std::string_view json = R"({"s":"hunter2","n":987654321,"l":["hunter2"],"m":{"k":"hunter2","hunter2":987654321},"b":true})";
    for (std::string_view const text :
         {"{{range .s}}{{end}}", "{{range .n}}{{end}}", "{{range $i, $x := index .s 0}}{{end}}", "{{eq .l .l}}", "{{eq .m .m}}", "{{eq .l .m}}", "{{.s | call}}", "{{call .s}}",
          "{{call .n 1}}", "{{.s.x}}", "{{.n.x}}", "{{.l.x}}", "{{.m.k.x}}", "{{index .l .s}}", "{{index .m .n}}", "{{index .l (index .s 0)}}", "{{slice .s .n}}",
          "{{slice .s (index .s 1)}}", "{{printf .n}}", "{{printf .l}}", "{{lt .s .n}}", "{{lt .l 1}}", "{{ge .s .b}}", "{{len .n}}", "{{len .b}}", "{{.s 1}}", "{{.m.k 1}}", "{{.s | .n}}",
          "{{with .s}}{{.x}}{{end}}", "{{range .m}}{{.x}}{{end}}", "{{range $k, $v := .m}}{{$k.x}}{{end}}", "{{index .s .s}}", "{{template .s}}", "{{index .m 1}}"}) {
        auto const message = render_with(text, json);
        INFO(message);
        CHECK(message.starts_with("error: template: secret:1:"));
        CHECK_FALSE(message.contains("hunter2"));
        CHECK_FALSE(message.contains("987654321"));
        CHECK_FALSE(message.contains("104"));  // the first byte
    }
}

TEST_CASE("a break in the else of a range leaves that range only, as Go has it") {
    CHECK(render_with("{{range 3}}{{range 0}}{{else}}{{break}}x{{end}}{{.}}{{end}}", "0") == "012");
    CHECK(render_with("{{range 3}}{{range 0}}{{else}}{{continue}}x{{end}}{{.}}{{end}}", "0").empty());
}

TEST_CASE("after an error nothing of the result remains") {
    auto const document = codec::json_document::parse(base::secret_text(R"({"a":"text"})"));
    auto const made = render("{{.a}}{{.a.b}}", document->root());
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == base::errc::invalid);
}
