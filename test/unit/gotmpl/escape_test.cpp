#include "gotmpl/escape.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm::gotmpl;

namespace {

std::string escaped(void (*escape)(text_sink&, std::string_view), std::string_view text) {
    text_sink out(1000);
    escape(out, text);
    return std::string(out.view());
}

}  // namespace

TEST_CASE("HTML") {
    CHECK(escaped(write_html, std::string_view("<a href=\"x\">'&'\0é", 18)) == "&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#39;\xEF\xBF\xBDé");
}

TEST_CASE("JavaScript") {
    CHECK(escaped(write_js, R"(\ ' " < > & =)") == R"(\\ \' \" \u003C \u003E \u0026 \u003D)");
    CHECK(escaped(write_js, "\x01\n\x7F é\xC2\xA0\xE2\x80\xA8\xF3\xA0\x80\x81\xFF") == "\\u0001\\u000A\x7F é\\u00A0\\u2028\\uE0001\xFF");
}

TEST_CASE("URL queries") {
    CHECK(escaped(write_url_query, "aZ09-_.~ +&=/?é\x01") == "aZ09-_.~+%2B%26%3D%2F%3F%C3%A9%01");
}
