#include "gotmpl/unicode.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm::gotmpl;

TEST_CASE("identifiers are made of letters and digits of every script") {
    for (char32_t const c : {U'a', U'Z', U'0', U'_', U'é', U'ß', U'λ', U'世', U'٣', U'ª', char32_t{0x10400}, char32_t{0x323AF}}) CHECK(is_word(c));
    for (char32_t const c : {U' ', U'-', U'.', U'$', U'²', U'€', U'😀', U'́', char32_t{0}, char32_t{0x110000}, char32_t{0x7F}}) CHECK_FALSE(is_word(c));
}

TEST_CASE("what can be seen is printable, of white space the space alone") {
    for (char32_t const c : {U' ', U'!', U'~', U'¡', U'é', U'世', U'😀', char32_t{0xFFFD}}) CHECK(is_printable(c));
    for (char32_t const c : {U'\t', U'\n', char32_t{0x7F}, char32_t{0x85}, char32_t{0xA0}, char32_t{0xAD}, char32_t{0x200B}, char32_t{0x2028}, char32_t{0xD800},
                             char32_t{0xE000}, char32_t{0xFEFF}, char32_t{0xFFFE}, char32_t{0x10FFFF}, char32_t{0x110000}})
        CHECK_FALSE(is_printable(c));
}

TEST_CASE("white space is Unicode's") {
    for (char32_t const c : {U' ', U'\t', U'\r', U'\v', char32_t{0x85}, char32_t{0xA0}, char32_t{0x2003}, char32_t{0x3000}}) CHECK(is_white_space(c));
    for (char32_t const c : {U'x', char32_t{0}, char32_t{0x200B}, char32_t{0xFEFF}}) CHECK_FALSE(is_white_space(c));
}

TEST_CASE("code points as UTF-8") {
    CHECK(utf8_bytes('a').view() == "a");
    CHECK(utf8_bytes(0x7FF).view() == "\xDF\xBF");
    CHECK(utf8_bytes(0x800).view() == "\xE0\xA0\x80");
    CHECK(utf8_bytes(0x10000).view() == "\xF0\x90\x80\x80");
    CHECK(utf8_bytes(0x10FFFF).view() == "\xF4\x8F\xBF\xBF");
    CHECK(utf8_bytes(0xD800).view() == "\xEF\xBF\xBD");
    CHECK(utf8_bytes(0x110000).view() == "\xEF\xBF\xBD");
}

TEST_CASE("runes are counted, invalid bytes one each") {
    CHECK(count_runes("") == 0);
    CHECK(count_runes("aé世😀") == 4);
    CHECK(count_runes("\xFF\xE4\xB8") == 3);
    CHECK(first_runes("aé世😀", 2) == "aé");
    CHECK(first_runes("aé", 9) == "aé");
    CHECK(first_runes("\xFF" "ab", 2) == "\xFF" "a");
    CHECK(first_runes("abc", 0).empty());
}
