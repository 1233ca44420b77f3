#include "crypto/generated_secret.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <regex>
#include <set>
#include <string>

using namespace vsecm;
using base::errc;

namespace {

constexpr std::string_view symbols = "!@#$%^&*()-_+={}[]|<>,.?/";

std::string generated(std::string const& pattern) {
    auto made = crypto::generate_secret(pattern);
    if (!made) FAIL(made.error().what);
    return std::string(made->view());
}

base::error refused(std::string const& pattern) {
    auto made = crypto::generate_secret(pattern);
    REQUIRE_FALSE(made.has_value());
    return made.error();
}

// The characters a class gives, of which none is so rare that 20,000 draws miss it (below one in 10^90 for 87 characters).
std::set<char> characters(std::string const& in_brackets) {
    auto const text = generated("[" + in_brackets + "]{20000}");
    REQUIRE(text.size() == 20000);
    return {text.begin(), text.end()};
}

std::set<char> all_of(std::string_view text) { return {text.begin(), text.end()}; }

std::set<char> from_to(char first, char last) {
    std::set<char> all;
    for (char c = first; c <= last; ++c) all.insert(c);
    return all;
}

std::set<char> joined(std::initializer_list<std::set<char>> parts) {
    std::set<char> all;
    for (auto const& part : parts) all.insert(part.begin(), part.end());
    return all;
}

}  // namespace

TEST_CASE("Q15: both ends of a range can occur, and nothing outside it") {
    auto const lower = from_to('a', 'z'), upper = from_to('A', 'Z'), digits = from_to('0', '9');
    CHECK(characters("a-z") == lower);
    CHECK(characters("A-Z") == upper);
    CHECK(characters("0-9") == digits);
    CHECK(characters("b-d") == all_of("bcd"));
    CHECK(characters("a-zA-Z0-9") == joined({lower, upper, digits}));
    CHECK(characters("a-Z") == joined({lower, upper}));
    CHECK(characters("y-B") == all_of("yzAB"));
    CHECK(characters("Y-1") == all_of("YZ01"));
    CHECK(characters("q-q") == all_of("q"));
}

TEST_CASE("single characters and escapes") {
    auto const lower = from_to('a', 'z'), upper = from_to('A', 'Z'), digits = from_to('0', '9');
    CHECK(characters("abc") == all_of("abc"));
    CHECK(characters("a") == all_of("a"));
    CHECK(characters("xa-c7") == all_of("xabc7"));
    CHECK(characters("\\d") == digits);
    CHECK(characters("\\x") == all_of(symbols));
    CHECK(characters("\\w") == joined({lower, upper, digits, all_of(symbols)}));
    CHECK(characters("\\dA-C\\x") == joined({digits, all_of("ABC"), all_of(symbols)}));
    CHECK(characters("\\\\d") == digits);  // as JSON writes it
}

TEST_CASE("all characters of a class have the same chance, however often they are named") {
    std::map<char, int> count;
    for (char const c : generated("[aaa-ab]{60000}")) ++count[c];
    REQUIRE(count.size() == 2);
    CHECK(count['a'] > 29000);  // eight standard deviations
    CHECK(count['a'] < 31000);
}

TEST_CASE("text around classes stays") {
    auto const json = generated(R"({"username":"admin-[a-z0-9]{6}","password":"[a-zA-Z0-9]{12}"})");
    CHECK(std::regex_match(json, std::regex(R"re(\{"username":"admin-[a-z0-9]{6}","password":"[a-zA-Z0-9]{12}"\})re")));
    CHECK(generated("[a]{3}[b]{2}") == "aaabb");
    CHECK(generated("[[a]{2}]") == "[aa]");
    CHECK(generated(R"({"list":[1,"x"],"set":["[z]{1}"],"word":"[abc]","none":[]})") == R"({"list":[1,"x"],"set":["z"],"word":"[abc]","none":[]})");
    CHECK(generated("é[a]{2}\n") == "éaa\n");
    CHECK(generated("[a]{2}{3}") == "aa{3}");
    CHECK(generated("[a]{002}") == "aa");
    CHECK(generated("[\\w]{32}") != generated("[\\w]{32}"));
}

TEST_CASE("Q25, Q26: a bad pattern is refused, with the place that is wrong") {
    struct row {
        std::string pattern, column;
    };
    for (auto const& [pattern, column] : {
             row{"[\\a]{3}", "column 2"},
             row{"[\\wA\\]{3}", "column 5"},
             row{"[\\]{3}", "column 2"},
             row{"[\\\\]{3}", "column 2"},
             row{"admin-[z-a]{6}", "column 8"},
             row{"[a]{2}[9-0]{6}", "column 8"},
             row{"[A-z]{6}", "column 2"},
             row{"[-a]{2}", "column 2"},
             row{"[a-]{2}", "column 3"},
             row{"[a-\\d]{2}", "column 3"},
             row{"[a-c-e]{2}", "column 5"},
             row{"[a!]{2}", "column 3"},
             row{"[]{2}", "column 1"},
             row{"é[a é]{2}", "column 4"},
             row{"[a]{}", "column 4"},
             row{"[a]{x}", "column 4"},
             row{"[a]{0}", "column 4"},
             row{"[a]{-1}", "column 4"},
             row{"[a]{2,3}", "column 4"},
             row{"[a]{2", "column 4"},
             row{"[a]{", "column 4"},
         }) {
        INFO(pattern);
        auto const why = refused(pattern);
        CHECK(why.code == errc::invalid);
        CHECK(why.what.starts_with(column + " of the pattern: "));
    }
    for (std::string const pattern : {"", "hunter2", "[a-z]", "[a-z", "{3}", "]{3}", "[a] {3}"}) {
        INFO(pattern);
        CHECK(refused(pattern).what.find("nothing would be random") != std::string::npos);
    }
}

TEST_CASE("what is generated is bounded") {
    CHECK(generated("[a]{65536}").size() == crypto::max_generated_len);
    CHECK(refused("[a]{65537}").code == errc::too_large);
    CHECK(refused("[a]{99999999999999999999999}").code == errc::too_large);
    CHECK(refused("[a]{60000}[a]{60000}").code == errc::too_large);
    CHECK(refused("[a]{65536}b").code == errc::too_large);
    CHECK(refused(std::string(crypto::max_generated_len, 'x') + "[a]{1}").code == errc::too_large);
}
