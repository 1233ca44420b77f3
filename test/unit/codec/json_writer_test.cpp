#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm;
using codec::json_writer;

namespace {

std::string quoted(std::string_view text) {
    base::secret_text out;
    codec::append_json_string(out, text);
    return std::string(out.view());
}

}  // namespace

TEST_CASE("strings are escaped byte for byte as Go's encoding/json") {
    CHECK(quoted("") == "\"\"");
    CHECK(quoted("plain é text /") == "\"plain é text /\"");
    CHECK(quoted("a\"b\\c") == R"("a\"b\\c")");
    CHECK(quoted("\b\f\n\r\t") == R"("\b\f\n\r\t")");
    CHECK(quoted(std::string_view("\0\x01\x1f\x7f", 4)) == "\"\\u0000\\u0001\\u001f\x7f\"");
    CHECK(quoted("<a href=\"x\">&") == R"("\u003ca href=\"x\"\u003e\u0026")");
    CHECK(quoted("\xE2\x80\xA8|\xE2\x80\xA9|\xE2\x80\xAA") == "\"\\u2028|\\u2029|\xE2\x80\xAA\"");
    CHECK(quoted("a\xFFz") == R"("a\ufffdz")");
    CHECK(quoted("\xE2\x82") == R"("\ufffd\ufffd")");
    CHECK(quoted("\xED\xA0\x80") == R"("\ufffd\ufffd\ufffd")");
    CHECK(quoted("\xEF\xBF\xBD") == "\"\xEF\xBF\xBD\"");  // a real U+FFFD stays
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
