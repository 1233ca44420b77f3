#include "gotmpl/data.hpp"

#include "support.hpp"

using namespace vsecm;
using namespace vsecm::gotmpl;
using test::render_with;

TEST_CASE("members are ordered by the bytes of their names, of equal ones the last counts") {
    CHECK(render_with("{{.}}", R"({"b":1,"B":2,"é":3,"":4,"a":5,"b":6,"a":{"x":7}})") == "map[:4 B:2 a:map[x:7] b:6 é:3]");
    CHECK(render_with("{{len .}} {{.b}}", R"({"b":1,"b":2,"b":3})") == "1 3");
}

TEST_CASE("integers keep the digits JSON wrote") {
    auto const both = [](std::string_view json) { return render_with("{{.}}", json) + " " + render_with("{{.}}", json, {.numbers = number_style::go}); };
    CHECK(both("1234567") == "1234567 1.234567e+06");
    CHECK(both("-1000000") == "-1000000 -1e+06");
    CHECK(both("9007199254740993") == "9007199254740993 9.007199254740992e+15");
    CHECK(both("123456789012345678901234567890") == "123456789012345678901234567890 1.2345678901234568e+29");
    CHECK(both("-0") == "-0 -0");
    CHECK(both("42") == "42 42");
    // What JSON did not write as an integer is none.
    CHECK(both("1234567.0") == "1.234567e+06 1.234567e+06");
    CHECK(both("1e6") == "1e+06 1e+06");
    CHECK(both("1E3") == "1000 1000");
    CHECK(both("0.00001") == "1e-05 1e-05");
}

TEST_CASE("exact integers are exact wherever nothing about the form was asked") {
    constexpr std::string_view json = R"({"n":1234567,"l":[1234567,[1234567]],"m":{"k":1234567}})";
    CHECK(render_with("{{print .n}} {{println .n}}{{.l}} {{.m}} {{html .n}} {{js .n}} {{urlquery .n}}", json) ==
          "1234567 1234567\n[1234567 [1234567]] map[k:1234567] 1234567 1234567 1234567");
    CHECK(render_with("{{printf `%v|%10v|%-10v|%010v|% v|%+v|%#v|%v` .n .n .n .n .n .n .n .l}}", json) ==
          "1234567|   1234567|1234567   |0001234567| 1234567|1234567|1234567|[1234567 [1234567]]");
    CHECK(render_with("{{printf `%d %s` .n .n}}", json) == "%!d(float64=1234567) %!s(float64=1234567)");
    CHECK(render_with("{{printf `%d` .l}}", json) == "[%!d(float64=1234567) [%!d(float64=1234567)]]");
    // Asked for a form: Go's. And the type is float64 as ever.
    CHECK(render_with("{{printf `%g %.3v %e %.0f %T` .n .n .n .n .n}}", json) == "1.234567e+06 1.23e+06 1.234567e+06 1234567 float64");
    CHECK(render_with("{{eq .n 1234567.0}}{{lt .n 1234568.0}}", json) == "truetrue");
    CHECK(render_with("{{eq .n 1234567}}", json).ends_with("incompatible types for comparison: float64 and int"));
    CHECK(render_with("{{index .l .n}}", json).ends_with("cannot index slice/array with type float64"));
}

TEST_CASE("a number beyond float64 is no data") {
    for (auto const style : {number_style::exact, number_style::go})
        for (std::string_view const json : {"9e308", R"([1,{"a":-2e308}])"})
            CHECK(render_with("text", json, {.numbers = style}) == "error: a number of the data is beyond the range of a float64");
    CHECK(render_with("{{.}}", "1e-400") == "0");
}

TEST_CASE("a list can be sliced as far as Go's decoder would have made room") {
    CHECK(render_with("{{slice . 0 4}}", "[1,2,3]") == "[1 2 3 <nil>]");
    CHECK(render_with("{{slice . 4 8}}", "[1,2,3,4,5]") == "[5 <nil> <nil> <nil>]");
    CHECK(render_with("{{slice . 0 3}}", "[1,2]").ends_with("index out of range: 3"));
    CHECK(render_with("{{slice . 0 1}}", "[]").ends_with("index out of range: 1"));
}
