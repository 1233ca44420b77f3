#include "gotmpl/quote.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm::gotmpl;

namespace {

std::string ascii(std::string_view text) {
    text_sink out(1000);
    write_quoted(out, text, quoting::ascii);
    return std::string(out.view());
}

std::string rune(char32_t code, quoting how = quoting::unicode) {
    text_sink out(1000);
    write_quoted_rune(out, code, how);
    return std::string(out.view());
}

}  // namespace

TEST_CASE("texts are quoted as strconv.Quote does") {
    CHECK(quoted("") == R"("")");
    CHECK(quoted("a'b\"c\\d") == R"("a'b\"c\\d")");
    CHECK(quoted(std::string_view("\0\x01\a\b\f\n\r\t\v\x7f", 10)) == R"("\x00\x01\a\b\f\n\r\t\v\x7f")");
    CHECK(quoted("é世😀") == "\"é世😀\"");
    CHECK(quoted("\xC2\xA0\xE2\x80\xA8\xF3\xA0\x80\x81") == R"("\u00a0\u2028\U000e0001")");
    CHECK(quoted("a\xFFz\xE4\xB8") == R"("a\xffz\xe4\xb8")");
    CHECK(ascii("é😀\xFF~") == R"("\u00e9\U0001f600\xff~")");
}

TEST_CASE("single code points are quoted") {
    CHECK(rune('a') == "'a'");
    CHECK(rune('\'') == R"('\'')");
    CHECK(rune('"') == "'\"'");
    CHECK(rune(U'é') == "'é'");
    CHECK(rune(U'é', quoting::ascii) == R"('\u00e9')");
    CHECK(rune(0xD800) == "'\xEF\xBF\xBD'");
    CHECK(named_rune('-') == "U+002D '-'");
    CHECK(named_rune(1) == "U+0001");
    CHECK(named_rune(U'😀') == "U+1F600 '😀'");
}

TEST_CASE("a raw text hides nothing") {
    CHECK(can_be_raw(""));
    CHECK(can_be_raw("a\tb\"\\é"));
    for (std::string_view const text : {"`", "\n", "\x7F", "\xEF\xBB\xBF", "\xFF"}) CHECK_FALSE(can_be_raw(text));
}
