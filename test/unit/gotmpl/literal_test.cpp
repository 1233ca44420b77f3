#include "gotmpl/literal.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace vsecm::gotmpl;

namespace {

std::string text_of(std::string_view literal) {
    auto const text = unquote(literal);
    return text ? std::string(text->view()) : "error: " + text.error().what;
}

}  // namespace

TEST_CASE("numbers are read as strconv.ParseFloat reads them") {
    CHECK(parse_float("0") == 0.0);
    CHECK(std::signbit(parse_float("-0").value()));
    CHECK(parse_float("+1.5e3") == 1500.0);
    CHECK(parse_float(".5") == 0.5);
    CHECK(parse_float("5.") == 5.0);
    CHECK(parse_float("1_000.2_5") == 1000.25);
    CHECK(parse_float("0x1.8p-2") == 0.375);
    CHECK(parse_float("0x_1p4") == 16.0);
    CHECK(parse_float("1.7976931348623157e308") == 1.7976931348623157e308);
    for (std::string_view const text : {"", "-", ".", "1e", "1_", "_1", "1__2", "0x1", "0x.p1", "1.2.3", "1e400", "0x1p1024", "--1", "inf", "nan", "1 ", "1e99999999999999999999"})
        CHECK_FALSE(parse_float(text).has_value());
}

TEST_CASE("a number too small for float64 is zero") {
    CHECK(parse_float("1e-400") == 0.0);
    CHECK(parse_float("-0.000001e-99999999999999999999") == 0.0);
    CHECK(std::signbit(parse_float("-1e-400").value()));
    CHECK(parse_float("0x1p-2000") == 0.0);
    CHECK(parse_float("5e-324") == 5e-324);
    CHECK(parse_float("0." + std::string(400, '0') + "1") == 0.0);
    CHECK_FALSE(parse_float("1" + std::string(400, '0')).has_value());
    CHECK(parse_float("1" + std::string(400, '0') + "e-400") == 1.0);
}

TEST_CASE("the type of a number is Go's") {
    CHECK(type_name(parse_number("1").value()) == "int");
    CHECK(type_name(parse_number("0x1e3").value()) == "int");
    CHECK(type_name(parse_number("1e3").value()) == "float64");
    CHECK(type_name(parse_number("-0x1e3").value()) == "float64");  // a sign hides the prefix from Go
    CHECK(type_name(parse_number("1i").value()) == "complex128");
    CHECK(type_name(parse_character("'x'").value()) == "int");
    CHECK(parse_number("9223372036854775807")->get_if<std::int64_t>() != nullptr);
    CHECK(parse_number("18446744073709551615")->is_nil());  // an error only when it is used
    CHECK(parse_number("18446744073709551616").error().what == "integer overflow: \"18446744073709551616\"");
    CHECK(parse_number("08").error().what == "integer overflow: \"08\"");
    CHECK(parse_number("1e400").error().what == "illegal number syntax: \"1e400\"");
}

TEST_CASE("quoted texts") {
    CHECK(text_of(R"("a\tb\"\\\x41\102\u00e9\U0001F600")") == "a\tb\"\\AB\u00e9\U0001F600");
    CHECK(text_of(R"("\xff\377")") == "\xFF\xFF");
    CHECK(text_of("\"\xFF\"") == "\xEF\xBF\xBD");
    CHECK(text_of("`a\\n\r\n`") == "a\\n\n");
    for (std::string_view const bad : {R"("\q")", R"("\'")", R"("\x4")", R"("\u12")", R"("\ud800")", R"("\U00110000")", R"("\400")", R"("\8")"})
        CHECK(text_of(bad) == "error: invalid syntax");
}

TEST_CASE("characters and complex numbers that are none") {
    for (std::string_view const bad : {"''", R"('\"')", R"('\q')"}) CHECK(parse_character(bad).error().what == "invalid syntax");
    CHECK(parse_character("'ab'").error().what == "malformed character constant: 'ab'");
    CHECK(parse_complex("1+2i")->get_if<std::complex<double>>()->imag() == 2);
    CHECK(parse_complex("1e-3-1e+3i")->get_if<std::complex<double>>()->imag() == -1000);
    for (std::string_view const bad : {"1i+2i", "0b1+1i", "1+i"}) CHECK(parse_complex(bad).error().what == "syntax error scanning complex number");
    CHECK(parse_complex("1+1e400i").error().what == "strconv.ParseFloat: parsing \"+1e400\": value out of range");
    CHECK(parse_complex("0x1+1i").error().what == "strconv.ParseFloat: parsing \"0x1\": invalid syntax");
}
