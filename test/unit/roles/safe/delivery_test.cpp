#include "roles/safe/delivery.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm::roles::safe;
using namespace std::literals;

namespace {

std::string delivered(std::vector<std::string_view> values) { return std::string(deliver(values, {}).view()); }

}  // namespace

TEST_CASE("one value is delivered as the original's convert.go does") {
    CHECK(delivered({" plain "}) == "plain");
    CHECK(delivered({"!VSecMRocks!"}) == "!VSecMRocks!");
    CHECK(delivered({"{\"username\": \"*root*\"}\n"}) == "{\"username\": \"*root*\"}");
    CHECK(delivered({" \n\t "}) == " \n\t ");  // nothing would be left: the value as it is
    CHECK(delivered({"a\0b"sv}) == "a\0b"sv);
    CHECK(delivered({"\xff x \xff"}) == "\xff x \xff");
}

TEST_CASE("white space is Go's, Unicode's included") {
    CHECK(trim_space("\u00a0\u3000\u2003x\u0085\u2028") == "x");
    CHECK(trim_space("\u200bx") == "\u200bx");  // a zero-width space is none
    CHECK(trim_space("\xa0x\x85") == "\xa0x\x85");  // bytes that are not UTF-8 are not white space
    CHECK(trim_space("") == "");
    CHECK(trim_space(" ") == "");
}

TEST_CASE("several values become an array of strings, newest first") {
    CHECK(delivered({"newest", " older "}) == R"(["newest","older"])");
    CHECK(delivered({"a\"b<", "c"}) == R"(["a\"b\u003c","c"])");
}

TEST_CASE("the format none delivers every byte") {
    vsecm::store::secret_meta meta;
    meta.format = "none";
    std::string_view const values[] = {" -----BEGIN KEY-----\n", "x "};
    CHECK(deliver(std::span(values, 1), meta).view() == " -----BEGIN KEY-----\n");
    CHECK(deliver(values, meta).view() == R"([" -----BEGIN KEY-----\n","x "])");
}
