#include "delivery/missing_pairs.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using vsecm::base::secret_text;
using vsecm::delivery::drop_missing_pairs;

namespace {

std::string kept(std::string_view text) { return std::string(drop_missing_pairs(secret_text(text)).text.view()); }

}  // namespace

TEST_CASE("a pair without a value goes, with one comma") {
    CHECK(kept(R"({"U":"root","P":<no value>,"Q":"z"})") == R"({"U":"root","Q":"z"})");
    CHECK(kept(R"({"P":<no value>,"U":"root"})") == R"({"U":"root"})");
    CHECK(kept(R"({"U":"root","P":<no value>})") == R"({"U":"root"})");
    CHECK(kept(R"({"P":<no value>})") == "{}");
    CHECK(kept(R"({"A":<no value>,"B":<no value>,"C":<no value>})") == "{}");
    CHECK(kept(R"({"A":<no value>,"U":1,"B":<no value>,"V":2,"C":<no value>})") == R"({"U":1,"V":2})");
    CHECK(kept(R"({"U":"root", "P": <no value>, "Q":"z"})") == R"({"U":"root", "Q":"z"})");
    CHECK(kept("{\n  \"U\": \"root\",\n  \"P\": <no value>\n}\n") == "{\n  \"U\": \"root\"\n}\n");
    CHECK(kept("{\n  \"P\": <no value>,\n  \"U\": \"root\"\n}") == "{\n  \"U\": \"root\"\n}");
    CHECK(kept(R"({"o":{"P":<no value>},"l":[{"P":<no value>,"x":1}]})") == R"({"o":{},"l":[{"x":1}]})");
    CHECK(kept("USER:root,PASS:<no value>") == "USER:root");
    CHECK(kept("PASS:<no value>") == "");
    CHECK(drop_missing_pairs(secret_text("a:<no value>,b:1,c:<no value>")).num_dropped == 2);
}

TEST_CASE("everything else stays as it is") {
    for (std::string_view const text : {
             R"({"U":"a,b","P":"x:<no value>,y"})", R"({"P":"<no value>"})", R"({"U":"\",P:<no value>","Q":1})", "host=a,b; <no value>", "<no value>", "a <no value>",
             "a:<no value>b", "[1,<no value>]", R"({"a":[1,<no value>]})", "a:1,,b:2,", "", ",", "{},{}", R"("open,P:<no value>)", "no pair at all"})
        CHECK(kept(text) == text);
}
