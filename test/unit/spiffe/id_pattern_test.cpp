#include "spiffe/id_pattern.hpp"

#include "spiffe/go_syntax.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::spiffe;

namespace {

base::result<id_pattern> compiled(std::string_view expression) { return id_pattern::compile("VARIABLE", expression); }

bool matches(std::string_view expression, std::string_view id) {
    CAPTURE(expression, id);
    auto const pattern = compiled(expression);
    if (!pattern) FAIL(pattern.error().what);
    return pattern->matches(id);
}

}  // namespace

TEST_CASE("what Go has is taken, and means what it means there") {
    CHECK(matches(R"(^a\.b$)", "a.b"));
    CHECK_FALSE(matches(R"(^a\.b$)", "axb"));
    CHECK_FALSE(matches("^ab$", "ab\n"));  // `$` is the end of the text
    CHECK(matches("^(?:a|b)+(?P<name>x)(?<other>y)$", "abaxy"));
    CHECK(matches("(?i)^ABC(?-i:d)$", "abcd"));
    CHECK_FALSE(matches("(?i)^ABC(?-i:d)$", "abcD"));
    CHECK(matches("^(?is-mU:A.)$", "a\n"));
    CHECK(matches("^a{2}b{1,}c{0,1}d??e*?f+?$", "aabf"));
    CHECK(matches(R"(^[]a-c\d\-]+[^/]$)", "]b7-x"));
    CHECK(matches(R"(^[[:alpha:]_][[:^digit:]]\x41\x{42}\pL\p{Greek}?\P{^L}$)", "_xABcd"));
    CHECK(matches(R"(^\Qa.(?=b)*\E$)", "a.(?=b)*"));
    CHECK(matches(R"(\Aab\z)", "ab"));
    CHECK(matches(R"(^a\\(b)$)", "a\\b"));
    CHECK(matches(R"(^\(\?=x\)$)", "(?=x)"));
    CHECK(matches("^[(?=*+{]+$", "(?=*+{"));
    CHECK(matches("^a{1000}$", std::string(1000, 'a')));
}

TEST_CASE("what only PCRE2 has is refused") {
    for (std::string_view const bad : {
             "(?1)", "(a)(?1)", "(?-1)", "(?+1)", "(?0)", "(?R)", "(?P>name)", "(?P=name)", "(?&name)", "(?'name'a)",  // recursion, names
             "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?>a)", "(?|a|b)", "(?(1)a|b)", "(?#words)", "(?C)", "(?C1)",      // groups
             "(*ACCEPT)a", "(*FAIL)", "a(*COMMIT)b", "(*UTF)a", "(*LIMIT_MATCH=1)a", "(*positive_lookahead:a)",       // verbs
             "(?x)a", "(?J)a", "(?n)a", "(?^)a", "(?xx)a", "(?aS)a", "(?i-)a", "(?-)a", "(?--i)a", "(?i",              // flags
             "a*+", "a++", "a?+", "a{2}+", "a{2,3}+", "a*?+", "a{2}{3}", "a**", "(a)*+", "[a]++", "\\d?+", "a+*",     // possessive, nested
             "a{,3}", "a{ 2,3}", "a{2, 3}", "a{", "a{x}", "a{1001}", "a{1,99999999999}",                               // counts
             "(a)\\1", "(a)\\9", "\\12", "(a)\\g1", "(a)\\g{-1}", "(?<n>a)\\k<n>", "\\k'n'", "\\g<1>",                 // backreferences
             "\\K", "\\G", "\\Z", "\\R", "\\X", "\\h", "\\H", "\\V", "\\N", "\\C", "\\e", "\\cA", "\\o{101}", "\\u", "\\L", "\\E", "\\v",  // escapes
             "\\x", "\\x4", "\\x{}", "\\x{4", "\\pQ", "\\p{Xan}", "\\p{L&}", "\\p{", "\\p", "a\\",
             "[\\b]", "[\\Qa\\E]", "[\\K]", "[a\\1]", "[[:<:]]a", "[[:>:]]", "[^[:)[[:alpha:]]",                                           // classes
         }) {
        CAPTURE(bad);
        auto const why = check_go_syntax(bad);
        REQUIRE_FALSE(why.has_value());
        CHECK(why.error().code == base::errc::invalid);
        auto const pattern = compiled(std::string("^spiffe://td/") + std::string(bad));
        REQUIRE_FALSE(pattern.has_value());
        CHECK(pattern.error().what.contains(why.error().what));
        CHECK(pattern.error().what.starts_with("VARIABLE: "));
    }
    CHECK(check_go_syntax("(a)(?P>name)").error().what == "Go has no `(?P>`");
    CHECK(check_go_syntax("ab{2}+c").error().what == "Go has no `{2}+`");
    CHECK(check_go_syntax("a\\Kb").error().what == "Go has no `\\K`");
}

TEST_CASE("what neither has is refused with PCRE2's words") {
    for (std::string_view const bad : {"(", "(a", "a)", "[a", "*a", "a|*", "[z-a]", "(?P<n>a", "(?P<1n>a)", "[[:none:]]", "\\p{None}"}) {
        CAPTURE(bad);
        CHECK_FALSE(compiled(bad).has_value());
    }
}

TEST_CASE("a match that takes too many steps is none") {
    std::string endless(2000, 'a');
    endless.push_back('b');
    CHECK_FALSE(matches("^(a+)+$", endless));
    CHECK(matches("^(a+)+$", std::string(200, 'a')));
}
