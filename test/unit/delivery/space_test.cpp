#include "delivery/space.hpp"

#include <catch2/catch_test_macros.hpp>

using vsecm::delivery::trim_space;

TEST_CASE("white space is Go's, Unicode's included") {
    CHECK(trim_space("\u00a0\u3000\u2003x\u0085\u2028") == "x");
    CHECK(trim_space("\u200bx") == "\u200bx");  // a zero-width space is none
    CHECK(trim_space("\xa0x\x85") == "\xa0x\x85");  // bytes that are not UTF-8 are not white space
    CHECK(trim_space("") == "");
    CHECK(trim_space(" ") == "");
}
