#include "gotmpl/lexer.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace vsecm::gotmpl;
using enum token_kind;

namespace {

std::vector<token_kind> kinds(std::string_view text) {
    lexer l(text);
    std::vector<token_kind> all;
    do all.push_back(l.next().kind);
    while (all.back() != end_of_text && all.back() != error);
    return all;
}

// Texts and messages, separated by bars.
std::string words(std::string_view text) {
    lexer l(text);
    std::string all;
    for (;;) {
        auto const t = l.next();
        if (t.kind == end_of_text) return all;
        all.append(t.kind == error ? "!" : "").append(t.text).append("|");
    }
}

}  // namespace

TEST_CASE("text and actions") {
    CHECK(kinds("") == std::vector{end_of_text});
    CHECK(kinds("a } }} { b") == std::vector{text, end_of_text});
    CHECK(kinds("a{{.}}b") == std::vector{text, left_delimiter, dot, right_delimiter, text, end_of_text});
    CHECK(kinds("{{if eq .a.b $x.c (len `r`)|print \"q\" 'c' 1 1+2i true nil}}") ==
          std::vector{left_delimiter, word_if, space, identifier, space, field, field, space, variable, field, space, left_paren, identifier, space,
                      raw_text, right_paren, pipe, identifier, space, quoted_text, space, character, space, number, space, complex, space, boolean,
                      space, word_nil, right_delimiter, end_of_text});
    CHECK(words("{{$x := .é_1}}") == "{{|$x| |:=| |.é_1|}}|");
}

TEST_CASE("comments vanish, trim markers take white space with them") {
    CHECK(words("a {{/* b }} */}} c") == "a | c|");
    CHECK(words("a \n{{- /* b */ -}}\t c") == "a|c|");
    CHECK(words("a \n{{- 1 -}}\t c") == "a|{{|1|}}|c|");
    CHECK(words("{{-1}}") == "{{|-1|}}|");
    CHECK(words(" {{- 1 -}} {{- 2 -}} ") == "{{|1|}}|{{|2|}}|");
    CHECK(words("{{1\n-}} x") == "{{|1|}}|x|");
}

TEST_CASE("tokens know where they stand") {
    lexer l("ab\n{{- /* */}}{{ .x }}");
    CHECK(l.next().pos == 0);
    CHECK(l.next().pos == 14);
    CHECK(l.next().pos == 16);
    CHECK(l.next().pos == 17);
}

TEST_CASE("after an error there is nothing more") {
    lexer l("{{.a-b}}x");
    l.next();
    CHECK(l.next().text == "bad character U+002D '-'");
    CHECK(l.next().kind == end_of_text);
    CHECK(l.next().kind == end_of_text);
}

TEST_CASE("errors") {
    CHECK(words("{{") == "{{|!unclosed action|");
    CHECK(words("{{\"a") == "{{|!unterminated quoted string|");
    CHECK(words("{{\"a\\") == "{{|!unterminated quoted string|");
    CHECK(words("{{'a\n'") == "{{|!unterminated character constant|");
    CHECK(words("{{`a") == "{{|!unterminated raw quoted string|");
    CHECK(words("{{/* a") == "!unclosed comment|");
    CHECK(words("{{/* a */ }}") == "!comment ends before closing delimiter|");
    CHECK(words("{{(1}}") == "{{|(|1|!unclosed left paren|");
    CHECK(words("{{)}}") == "{{|!unexpected right paren|");
    CHECK(words("{{:1}}") == "{{|!expected :=|");
    CHECK(words("{{3x}}") == "{{|!bad number syntax: \"3x\"|");
    CHECK(words("{{1+2}}") == "{{|!bad number syntax: \"1+2\"|");
    CHECK(words("{{\x01}}") == "{{|!unrecognized character in action: U+0001|");
}
