#include "codec/json_reader.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm;
using codec::json_document;
using codec::json_kind;

namespace {

base::result<json_document> parse(std::string_view text, codec::json_limits const& limits = {}) {
    return json_document::parse(base::secret_text(text), limits);
}

std::string text_of(std::string_view json) {
    auto document = parse(json);
    REQUIRE(document.has_value());
    REQUIRE(document->root().is(json_kind::string));
    return std::string(document->root().as_string());
}

}  // namespace

TEST_CASE("a document is read and walked") {
    auto document = parse(R"( {"a":[1,true,null,{"x":"y"}],"b":"text","n":-12,"f":1.5e3} )");
    REQUIRE(document.has_value());
    auto const moved = std::move(*document);  // cursors survive a move of the document
    auto const root = moved.root();
    CHECK(root.size() == 4);
    CHECK(root.member("b")->as_string() == "text");
    CHECK(root.member("n")->as_int() == -12);
    CHECK(root.member("f")->number_text() == "1.5e3");
    CHECK_FALSE(root.member("f")->as_int().has_value());
    CHECK_FALSE(root.member("missing").has_value());

    auto const a = *root.member("a");
    REQUIRE(a.size() == 4);
    std::string kinds;
    for (auto const element : a.elements()) kinds += std::to_string(static_cast<int>(element.kind())) + " ";
    CHECK(kinds == "2 1 0 5 ");
    std::string names;
    for (auto const [name, value] : root.members()) names += std::string(name) + " ";
    CHECK(names == "a b n f ");
    CHECK(root.elements().begin() == root.elements().end());
    CHECK(a.members().begin() == a.members().end());
}

TEST_CASE("the last of duplicate members wins, in any case when asked") {
    auto document = parse(R"({"value":"1","VALUE":"2","value":"3","Value":"4"})");
    REQUIRE(document.has_value());
    CHECK(document->root().member("value")->as_string() == "3");
    CHECK(document->root().member_ignoring_case("value")->as_string() == "4");
    CHECK(document->root().size() == 4);
}

TEST_CASE("scalars and null stand at the top too") {
    CHECK(parse("null")->root().is(json_kind::null));
    CHECK(parse(" 7 ")->root().as_int() == 7);
    CHECK(parse("true")->root().as_bool());
    CHECK(parse("9223372036854775807")->root().as_int() == INT64_MAX);
    CHECK_FALSE(parse("9223372036854775808")->root().as_int().has_value());
    CHECK(parse("1e-999999999999")->root().number_text() == "1e-999999999999");
    CHECK_FALSE(parse("1e309").has_value());  // beyond a float64: Go's generic decoding refuses it too
}

TEST_CASE("strings are decoded as Go decodes them") {
    CHECK(text_of(R"("\u00e9\n\/\\\"")") == "\xC3\xA9\n/\\\"");
    CHECK(text_of(R"("\ud83d\ude00")") == "\xF0\x9F\x98\x80");
    CHECK(text_of("\"a\\u0000b\"") == std::string("a\0b", 3));
    // Lone surrogates, both halves, before another escape and at the end.
    CHECK(text_of(R"("\ud800")") == "\xEF\xBF\xBD");
    CHECK(text_of(R"("\udc00x")") == "\xEF\xBF\xBDx");
    CHECK(text_of(R"("\ud800\ud83d\ude00")") == "\xEF\xBF\xBD\xF0\x9F\x98\x80");
    CHECK(text_of(R"("\ud800\u0041")") == "\xEF\xBF\xBD" "A");
    CHECK(text_of(R"("\\ud800")") == R"(\ud800)");  // an escaped backslash, not an escape
    CHECK(text_of(R"("\uDBFF\uDFFF")") == "\xF4\x8F\xBF\xBF");
    // Each invalid byte of UTF-8 is one U+FFFD.
    CHECK(text_of("\"a\xFF\xFEz\"") == "a\xEF\xBF\xBD\xEF\xBF\xBDz");
    CHECK(text_of("\"\xED\xA0\x80\"") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate in UTF-8
    CHECK(text_of("\"\xC0\x80\"") == "\xEF\xBF\xBD\xEF\xBF\xBD");                  // an overlong NUL
    CHECK(text_of("\"\xE2\x82\"") == "\xEF\xBF\xBD\xEF\xBF\xBD");                  // cut short
    CHECK(text_of("\"\xF4\x90\x80\x80\"").size() == 12);                           // above U+10FFFF
}

TEST_CASE("what is not JSON is refused") {
    for (std::string_view const bad :
         {"", " ", "{", "}", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a:1}", "nul", "tru", "01", "+1", ".5", "1.", "1e", "-", "NaN", "'a'",
          "\"a", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud8", "\"\t\"", "[1] x", "{} {}", "// c\n1", "[1}", "{\"a\":1,}", "\xEF\xBB\xBF{}"}) {
        INFO(bad);
        auto const document = parse(bad);
        CHECK_FALSE(document.has_value());
        if (!document) CHECK(document.error().code == base::errc::invalid);
    }
    // A NUL byte is not the end of the document.
    CHECK_FALSE(parse(std::string_view("{}\0{}", 5)).has_value());
    CHECK_FALSE(parse(std::string_view("\"a\0b\"", 5)).has_value());
    CHECK_FALSE(parse(std::string_view("1\0", 2)).has_value());
}

TEST_CASE("errors never repeat the document") {
    auto const document = parse(R"({"value":"hunter2" "oops"})");
    REQUIRE_FALSE(document.has_value());
    CHECK(document.error().what.find("hunter2") == std::string::npos);
    CHECK(document.error().what.find("byte 19") != std::string::npos);
}

TEST_CASE("limits hold: depth, bytes, values") {
    auto const nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(parse(nested(64)).has_value());
    CHECK_FALSE(parse(nested(65)).has_value());
    CHECK_FALSE(parse(std::string(1'000'000, '[')).has_value());  // no recursion: nothing overflows
    CHECK_FALSE(parse(std::string(300'000, '{')).has_value());
    std::string objects;
    for (int i = 0; i < 65; ++i) objects += "{\"a\":";
    CHECK_FALSE(parse(objects).has_value());

    auto const large = parse("\"12345\"", {.max_bytes = 6});
    REQUIRE_FALSE(large.has_value());
    CHECK(large.error().code == base::errc::too_large);
    CHECK(parse("\"12345\"", {.max_bytes = 7}).has_value());

    CHECK(parse("[1,2,3]", {.max_nodes = 4}).has_value());
    CHECK_FALSE(parse("[1,2,3,4]", {.max_nodes = 4}).has_value());
    CHECK_FALSE(parse(R"({"a":1,"b":2})", {.max_nodes = 4}).has_value());
}

TEST_CASE("every cut of a document is refused or whole, never read past its end") {
    std::string_view const whole = R"({"a":["\ud83d\ude00",-1.5e+3,true,null],"bé":{"c":"\u0000"}})";
    for (std::size_t len = 0; len < whole.size(); ++len) CHECK_FALSE(parse(whole.substr(0, len)).has_value());
    CHECK(parse(whole).has_value());
}

TEST_CASE("damaged documents are refused or read, never worse") {
    std::string_view const seeds[] = {R"({"workloads":["a","b"],"value":"\ud83d\ude00 \u0000 \\","n":-1.5e+3,"t":true,"x":null})",
                                      R"([[[{"a":{"b":[1,2,{"c":"\ud800\udc00"}]}}]],"\udc00",[],{}])", "\"\xED\xA0\x80\xF0\x9F\x98\x80\\ud83d\\u\""};
    using namespace std::string_view_literals;
    constexpr auto bytes = "\0\"\\{}[],:u0dD8cfF\xFF\xC0\xED 1eE+-.ntrue"sv;
    std::uint32_t state = 20240102;
    auto const random = [&](std::size_t below) {
        state = state * 1664525 + 1013904223;
        return (state >> 8) % below;
    };
    std::size_t num_read = 0;
    for (int round = 0; round < 30000; ++round) {
        std::string text(seeds[random(std::size(seeds))]);
        for (auto edits = 1 + random(4); edits > 0; --edits) {
            auto const at = random(text.size());
            switch (random(3)) {
                case 0: text[at] = bytes[random(bytes.size())]; break;
                case 1: text.insert(at, 1, bytes[random(bytes.size())]); break;
                default: text.erase(at, 1 + random(3));
            }
            if (text.empty()) text = "x";
        }
        auto const document = parse(text, {.max_depth = 8, .max_nodes = 64});
        if (!document) continue;
        ++num_read;
        for (auto const [name, value] : document->root().members())
            CHECK((name.size() + value.as_string().size() + value.size()) < 1000);
    }
    CHECK(num_read > 100);
}
