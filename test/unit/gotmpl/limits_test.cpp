// Templates and data that would fill a machine or keep it busy: each ends soon, with an error.
#include "support.hpp"

using namespace vsecm;
using namespace vsecm::gotmpl;
using test::render_with;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (; times > 0; --times) out += text;
    return out;
}

// The message, without its place: it must be errc::too_large.
std::string limit_of(std::string_view text, std::string_view json = "{}", limits const& bounds = {}) {
    auto const document = codec::json_document::parse(base::secret_text(json));
    REQUIRE(document.has_value());
    auto const made = render(text, document->root(), {.bounds = bounds});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == base::errc::too_large);
    auto const what = made.error().what;
    auto const node = what.find(">: ");
    return node == what.npos ? what : what.substr(node + 3);
}

constexpr std::string_view steps = "the template takes more than 5000000 steps";

}  // namespace

TEST_CASE("steps are bounded") {
    CHECK(limit_of("{{range 9223372036854775807}}{{end}}") == steps);
    CHECK(limit_of("{{range 100000}}{{range 100000}}{{range 100000}}{{end}}{{end}}{{end}}") == steps);
    CHECK(limit_of("{{define `a`}}{{range 10}}{{template `a` .}}{{end}}{{end}}{{template `a` 0}}", "{}", {.max_steps = 100}) == "the template takes more than 100 steps");
    CHECK(limit_of("{{range 10000000}}{{and " + repeated("1 ", 10000) + "}}{{end}}") == steps);
    CHECK(limit_of("{{range 10000000}}{{$.x" + repeated(".x", 10000) + "}}{{end}}").ends_with("steps"));
    CHECK(limit_of("{{range 10000000}}{{printf `" + repeated("%[1]s", 10000) + "` ``}}{{end}}") == "error calling printf: " + std::string(steps));
    CHECK(limit_of("{{$long := printf `%10000000s` ``}}{{range 10000000}}{{eq $long $long}}{{end}}") == "error calling eq: " + std::string(steps));
    std::string variables;
    for (int i = 0; i < 900; ++i) variables += "{{$v" + std::to_string(i) + " := 1}}";
    CHECK(limit_of(variables + "{{range 10000000}}{{$x := $v0}}{{end}}") == steps);
}

TEST_CASE("work that hardly shows in the text is paid for") {
    constexpr std::string_view few = "error calling printf: the template takes more than 3000 steps";
    CHECK(limit_of("{{$x := printf `%.1074g` .}}", "[" + repeated("1,", 1000) + "1]", {.max_steps = 3000}) == few);
    CHECK(limit_of("{{$x := printf `" + repeated("%.1074[1]g", 1000) + "` 1.0}}", "{}", {.max_steps = 3000}) == few);
    CHECK(limit_of("{{$x := printf `" + repeated("%[", 100000) + "` 1}}") == "error calling printf: " + std::string(steps));
    CHECK(render_with("{{$x := printf `%.17g %v` . .}}{{len $x}}", "[" + repeated("0.5,", 1000) + "0.5]", {.bounds = {.max_steps = 3000}}) == "8011");
}

TEST_CASE("the result is bounded") {
    constexpr std::string_view message = "the result has more than 16777216 bytes";
    CHECK(limit_of("{{range 1000000}}" + std::string(100, 'x') + "{{end}}") == message);
    CHECK(limit_of("{{range 10000}}{{$}}{{end}}", '"' + std::string(10000, 'x') + '"') == message);
    CHECK(limit_of("12345{{.}}", "6", {.max_output = 5}) == "the result has more than 5 bytes");
    CHECK(render_with("12345{{.}}", "6", {.bounds = {.max_output = 6}}) == "123456");
}

TEST_CASE("texts made on the way are bounded") {
    constexpr std::string_view message = "the texts made on the way have more than 33554432 bytes";
    CHECK(limit_of("{{$x := `xx`}}{{range 1000}}{{$x = print $x $x}}{{end}}") == "error calling print: " + std::string(message));
    CHECK(limit_of("{{range 1000}}{{$x := printf `%9999999d` 1}}{{end}}") == "error calling printf: " + std::string(message));
    CHECK(limit_of("{{range 1000}}{{$x := printf `%.9999999f` 1.0}}{{end}}") == "error calling printf: " + std::string(message));
    CHECK(limit_of("{{range 1000}}{{$x := printf `%*.*d` 1000000 1000000 1}}{{end}}") == "error calling printf: " + std::string(message));
    CHECK(limit_of("{{$x := printf `%9999999s` `<`}}{{range 9}}{{$x = html $x $x}}{{end}}") == "error calling html: " + std::string(message));
    CHECK(limit_of("{{print 12345}}", "{}", {.max_texts = 4}).starts_with("error calling print: "));
    CHECK(render_with("{{print 12345}}", "{}", {.bounds = {.max_texts = 5}}) == "12345");
}

TEST_CASE("what Go bounds itself stays as it is") {
    CHECK(render_with("{{printf `%1000000000d` 1}}", "{}") == "%!(NOVERB)%!(EXTRA int=1)");
    CHECK(render_with("{{printf `%.99999999999999999999f` 1.0}}", "{}") == "%!(NOVERB)%!(EXTRA float64=1)");
}

TEST_CASE("depth is bounded") {
    CHECK(limit_of("{{define `a`}}{{template `a` .}}{{end}}{{template `a` .}}") == "exceeded maximum template depth (1000)");
    CHECK(limit_of("{{define `a`}}{{if 1}}{{template `b` .}}{{end}}{{end}}{{define `b`}}{{range 1}}{{template `a` (print (print (print .)))}}{{end}}{{end}}{{template `a` .}}")
              .starts_with("exceeded maximum template depth"));
    CHECK(limit_of("{{template `secret` .}}") == "exceeded maximum template depth (1000)");
    CHECK(limit_of("{{" + repeated("(", 100000) + "1" + repeated(")", 100000) + "}}").ends_with("max expression depth exceeded"));
    CHECK(limit_of(repeated("{{if 1}}", 100000)).ends_with("more than 250 blocks in one another"));
    CHECK(limit_of(repeated("{{block `a` 1}}", 60000)).ends_with("more than 250 blocks in one another"));
    // As deep as is allowed, everywhere at once.
    CHECK(render_with(repeated("{{if 1}}", 250) + "{{" + repeated("(", 250) + "1" + repeated(")", 250) + "}}" + repeated("{{end}}", 250), "{}") == "1");
    CHECK(render_with("{{.}}", repeated("[", 1000) + repeated("]", 1000)) == repeated("[", 1000) + repeated("]", 1000));
}

TEST_CASE("the template is bounded") {
    CHECK(limit_of(std::string((1 << 20) + 1, 'x')) == "the template has 1048577 bytes, the limit is 1048576");
    CHECK(render_with(std::string(1 << 20, 'x'), "{}").size() == 1 << 20);
}

TEST_CASE("places that do not exist are refused") {
    for (std::string_view const text : {"{{index . -1}}", "{{index . 9223372036854775807}}", "{{index . -9223372036854775808}}", "{{slice . 0 9223372036854775807}}", "{{slice . -1}}",
                                        "{{slice . 2 1}}", "{{slice . 0 1 9}}", "{{slice . 2 2 1}}", "{{slice (slice . 1 2 2) 0 2}}", "{{index (slice . 3) 0}}", "{{index `` 0}}", "{{slice `abc` 4}}"})
        CHECK(render_with(text, "[1,2,3]").starts_with("error: template: secret:1:"));
}
