#include "gotmpl/printf.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm::gotmpl;

namespace {

value const one = std::int64_t{1};
value const half = real{0.5, {}};
value const word = std::string_view{"é"};
value const nil;

std::string formatted(std::string_view format, std::initializer_list<value> arguments, std::size_t room = 1000) {
    text_sink out(room);
    print_formatted(out, format, arguments);
    return std::string(out.view()) + (out.overflowed() ? "(full)" : "");
}

}  // namespace

TEST_CASE("verbs, flags, widths and precisions") {
    CHECK(formatted("%d|%5d|%-5d|%05d|%+d|% d|%x", {one, one, one, one, one, one, one}) == "1|    1|1    |00001|+1| 1|1");
    CHECK(formatted("%v|%6.2f|%e|%g", {half, half, half, half}) == "0.5|  0.50|5.000000e-01|0.5");
    CHECK(formatted("%s|%3s|%-3s|%q|%x|%.0s", {word, word, word, word, word, word}) == "é|  é|é  |\"é\"|c3a9|");
    CHECK(formatted("%v|%T|%d", {nil, nil, nil}) == "<nil>|<nil>|%!d(<nil>)");
}

TEST_CASE("arguments by number, widths from arguments") {
    CHECK(formatted("%[2]d %[1]s", {word, one}) == "1 é");
    CHECK(formatted("%*d|%-*d|%.*f", {std::int64_t{3}, one, std::int64_t{3}, one, one, half}) == "  1|1  |0.5");
    CHECK(formatted("%*d", {word, one}) == "%!(BADWIDTH)1");
    CHECK(formatted("%.*d", {std::int64_t{-1}, one}) == "%!(BADPREC)1");
    CHECK(formatted("%[3]d %[x]d %[1", {one, one}) == "%!d(BADINDEX) %!d(BADINDEX) %!(NOVERB)");
}

TEST_CASE("mistakes are told in the output") {
    CHECK(formatted("%d", {word}) == "%!d(string=é)");
    CHECK(formatted("%z%", {one}) == "%!z(int=1)%!(NOVERB)");
    CHECK(formatted("%d %d", {one}) == "1 %!d(MISSING)");
    CHECK(formatted("x", {one, nil, word}) == "x%!(EXTRA int=1, <nil>, string=é)");
    CHECK(formatted("%p", {list{}}) == "%!p([]interface {}=[])");  // no address ever
}

TEST_CASE("widths are bounded as in Go, and by the room there is") {
    CHECK(formatted("%1000000000d", {one}) == "%!(NOVERB)%!(EXTRA int=1)");
    CHECK(formatted("%.1000000000f", {half}) == "%!(NOVERB)%!(EXTRA float64=0.5)");
    CHECK(formatted("%*d", {std::int64_t{1'000'001}, one}) == "%!(BADWIDTH)1");
    CHECK(formatted("%9999999d", {one}) == "(full)");
    CHECK(formatted("%.9999999f", {half}) == "(full)");
    CHECK(formatted("%.9999999d", {one}) == "(full)");
    CHECK(formatted("ab%sef", {std::string_view{"cd"}}, 3) == "ab(full)");
}

TEST_CASE("print puts spaces where neither side is a text") {
    text_sink out(100);
    std::initializer_list<value> const all{one, one, word, one, nil, nil, word, word};
    print(out, all);
    CHECK(out.view() == "1 1é1 <nil> <nil>éé");
    text_sink line(100);
    print_line(line, std::initializer_list<value>{one, word, word});
    CHECK(line.view() == "1 é é\n");
}
