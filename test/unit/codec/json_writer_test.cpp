#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm;
using codec::json_writer;

namespace {

std::string json_of(std::string_view text) {
    base::secret_text out;
    codec::append_json_string(out, text);
    return std::string(out.view());
}

}  // namespace

TEST_CASE("strings are escaped byte for byte as Go's encoding/json") {
    CHECK(json_of("") == "\"\"");
    CHECK(json_of("plain é text /") == "\"plain é text /\"");
    CHECK(json_of("a\"b\\c") == R"("a\"b\\c")");
    CHECK(json_of("\b\f\n\r\t") == R"("\b\f\n\r\t")");
    CHECK(json_of(std::string_view("\0\x01\x1f\x7f", 4)) == "\"\\u0000\\u0001\\u001f\x7f\"");
    CHECK(json_of("<a href=\"x\">&") == R"("\u003ca href=\"x\"\u003e\u0026")");
    CHECK(json_of("\xE2\x80\xA8|\xE2\x80\xA9|\xE2\x80\xAA") == "\"\\u2028|\\u2029|\xE2\x80\xAA\"");
    CHECK(json_of("a\xFFz") == R"("a\ufffdz")");
    CHECK(json_of("\xE2\x82") == R"("\ufffd\ufffd")");
    CHECK(json_of("\xED\xA0\x80") == R"("\ufffd\ufffd\ufffd")");
    CHECK(json_of("\xEF\xBF\xBD") == "\"\xEF\xBF\xBD\"");  // a real U+FFFD stays
}

TEST_CASE("an odd byte is found wherever it stands") {
    for (std::size_t len = 1; len < 50; ++len)
        for (std::size_t at = 0; at < len; ++at) {
            std::string text(len, 'x');
            text[at] = '<';
            std::string expected(len + 7, 'x');
            expected.front() = expected.back() = '"';
            expected.replace(at + 1, 6, "\\u003c");
            CHECK(json_of(text) == expected);
        }
}

TEST_CASE("commas stand where they belong") {
    base::secret_text out;
    json_writer w(out);
    w.begin_object();
    w.member("a", "x").member("b", true);
    w.key("c").begin_array().integer(-1).null().begin_object().end_object().begin_array().end_array().string("y").end_array();
    w.key("d").begin_object().member("e", false).end_object();
    w.key("f").raw("[0]");
    w.end_object();
    CHECK(out.view() == R"({"a":"x","b":true,"c":[-1,null,{},[],"y"],"d":{"e":false},"f":[0]})");
}

TEST_CASE("what is written reads back the same") {
    std::string every;
    for (int c = 0; c < 128; ++c) every += static_cast<char>(c);
    every += "é€😀\xE2\x80\xA8";
    base::secret_text out;
    codec::append_json_string(out, every);
    auto document = codec::json_document::parse(std::move(out));
    REQUIRE(document.has_value());
    CHECK(document->root().as_string() == every);
}
