#include "spiffe/spiffe_id.hpp"

#include <catch2/catch_test_macros.hpp>

#include <format>
#include <random>

using namespace vsecm;
using namespace vsecm::spiffe;

TEST_CASE("SPIFFE IDs that are well formed") {
    for (std::string const text :
         {"spiffe://td", "spiffe://td/a", "spiffe://vsecm.com/workload/a/ns/b/sa/c/n/d-5f.x_Y", "spiffe://1.2.3.4/x",
          "spiffe://..-__/...", "spiffe://td/a/..b/c.."}) {
        CAPTURE(text);
        auto const id = spiffe_id::parse(text);
        REQUIRE(id);
        CHECK(id->text() == text);
        CHECK("spiffe://" + std::string(id->trust_domain()) + std::string(id->path()) == text);
    }
    CHECK(spiffe_id::parse("spiffe://td/a")->member_of("td"));
    CHECK(spiffe_id::parse(std::format("spiffe://{:a>255}/x", "a")));
    CHECK(spiffe_id::parse(std::format("spiffe://td/{:a>2036}", "a")));
}

TEST_CASE("malformed SPIFFE IDs are refused and say why") {
    struct row {
        std::string text;
        std::string_view why;
    };
    std::string const nul("spiffe://td/a\0b", 15);
    for (auto const& [text, why] : {
             row{"", "cannot be empty"},
             row{"td/a", "scheme is missing or invalid"},
             row{"SPIFFE://td/a", "scheme is missing or invalid"},
             row{"spiffe:/td/a", "scheme is missing or invalid"},
             row{"https://td/a", "scheme is missing or invalid"},
             row{"spiffe://", "trust domain is missing"},
             row{"spiffe:///a", "trust domain is missing"},
             row{"spiffe://TD/a", "trust domain characters"},
             row{"spiffe://td:80/a", "trust domain characters"},
             row{"spiffe://user@td/a", "trust domain characters"},
             row{"spiffe://td?x", "trust domain characters"},
             row{"spiffe://t\xc3\xa4/a", "trust domain characters"},
             row{std::format("spiffe://{:a>256}/a", "a"), "longer than 255"},
             row{"spiffe://td/", "trailing slash"},
             row{"spiffe://td/a/", "trailing slash"},
             row{"spiffe://td//a", "empty segments"},
             row{"spiffe://td/./a", "dot segments"},
             row{"spiffe://td/a/..", "dot segments"},
             row{"spiffe://td/a%20", "path segment characters"},
             row{"spiffe://td/a?q", "path segment characters"},
             row{"spiffe://td/a#f", "path segment characters"},
             row{"spiffe://td/a b", "path segment characters"},
             row{nul, "path segment characters"},
             row{std::format("spiffe://td/{:a>2037}", "a"), "longer than 2048"},
         }) {
        CAPTURE(text);
        auto const id = spiffe_id::parse(text);
        REQUIRE_FALSE(id.has_value());
        CHECK(id.error().code == base::errc::invalid);
        CHECK(id.error().what.contains(why));
    }
}

TEST_CASE("random bytes never make an ID that does not read back the same") {
    std::mt19937 random(3);
    constexpr std::string_view letters = "spiffe:/td.-_AZ09%?#@ \0\xff";
    for (int round = 0; round < 20000; ++round) {
        std::string text = random() % 2 == 0 ? "spiffe://" : "";
        for (auto left = random() % 24; left > 0; --left) text.push_back(letters[random() % letters.size()]);
        auto const id = spiffe_id::parse(text);
        if (!id) continue;
        CHECK(id->text() == text);
        CHECK(id->path().find("//") == std::string_view::npos);
        CHECK_FALSE(id->trust_domain().empty());
    }
}

TEST_CASE("trust domains come bare or as an ID") {
    CHECK(parse_trust_domain("other.org").value() == "other.org");
    CHECK(parse_trust_domain("spiffe://other.org").value() == "other.org");
    CHECK(parse_trust_domain("spiffe://other.org/spire/server").value() == "other.org");
    for (auto const* bad : {"", "Other", "a/b", "spiffe://", "https://a", "a:1"}) CHECK_FALSE(parse_trust_domain(bad).has_value());
}
