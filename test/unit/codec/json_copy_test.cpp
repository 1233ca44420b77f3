#include "codec/json_copy.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;

TEST_CASE("a value is written again as it was read, without the spaces") {
    constexpr std::string_view text = R"({"a":[1,-2.50,1E+30,12345678901234567890,true,false,null,"x\"\u003c",[],{}],"a":{"b":""},"":0})";
    auto const document = codec::json_document::parse(base::secret_text(text));
    REQUIRE(document);
    base::secret_text out;
    codec::json_writer writer(out);
    codec::copy_json(writer, document->root());
    CHECK(out.view() == text);
    auto const part = document->root().member("a");
    base::secret_text inside;
    codec::json_writer w(inside);
    w.begin_array();
    codec::copy_json(w, *part);
    codec::copy_json(w, *part);
    w.end_array();
    CHECK(inside.view() == R"([{"b":""},{"b":""}])");
}
