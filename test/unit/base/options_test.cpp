#include "base/options.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm::base;

namespace {

enum id { list, encrypt, del, workload, secret, output };
constexpr option_row table[] = {
    {'l', "list", option_kind::flag, list},       {'e', "encrypt", option_kind::flag, encrypt},
    {'d', "delete", option_kind::flag, del},      {'w', "workload", option_kind::list, workload},
    {'s', "secret", option_kind::single, secret}, {'\0', "output", option_kind::single, output},
};

result<parsed_options> parse(std::vector<std::string_view> arguments) { return parse_options(arguments, table); }

std::string refused(std::vector<std::string_view> arguments) {
    auto const r = parse(std::move(arguments));
    REQUIRE_FALSE(r.has_value());
    CHECK(r.error().code == errc::invalid);
    return r.error().what;
}

}  // namespace

TEST_CASE("options in every spelling") {
    auto r = parse({"-le", "-dw", "a", "--workload=b=c", "-w", "d", "-s=e=f==", "--output", "json", "x", "--", "-y"});
    REQUIRE(r.has_value());
    CHECK((r->has(list) && r->has(encrypt) && r->has(del)));
    CHECK(r->values(workload) == std::vector<std::string_view>{"a", "b=c", "d"});
    CHECK(r->value(secret) == "e=f==");
    CHECK(r->value(output) == "json");
    CHECK(r->words == std::vector<std::string_view>{"x", "-y"});
    CHECK(parse({"-ew", "a"})->values(workload) == std::vector<std::string_view>{"a"});
    CHECK(parse({"-s", ""})->has(secret));
    CHECK(parse({"-"})->words == std::vector<std::string_view>{"-"});
    CHECK(parse({})->options.empty());
}

TEST_CASE("Q53: a value may begin with dashes") {
    for (std::string_view const value : {"-world", "-hello", "--list", "-", "--", "-l", "-s"}) {
        auto r = parse({"-s", value, "-w", "x"});
        REQUIRE(r.has_value());
        CHECK(r->value(secret) == value);
        CHECK_FALSE(r->has(list));
        CHECK_FALSE(r->has(del));
        CHECK(r->words.empty());
    }
}

TEST_CASE("what is refused is named, and no value is repeated") {
    CHECK(refused({"-w"}) == "-w needs a value");
    CHECK(refused({"--secret"}) == "--secret needs a value");
    CHECK(refused({"-s", "a", "--secret", "b"}) == "--secret is given more than once");
    CHECK(refused({"-whunter2"}) == "-w takes a value: put a space or `=` behind it");
    CHECK(refused({"--list=hunter2"}) == "--list takes no value");
    CHECK(refused({"-l=hunter2"}) == "-l takes no value");
    CHECK(refused({"-l", "--secert=hunter2"}) == "argument 2 is no option; did you mean --secret?");
    CHECK(refused({"--secrets"}) == "argument 1 is no option; did you mean --secret?");
    CHECK(refused({"--hunter2"}) == "argument 1 is no option");
    CHECK(refused({"-lxhunter2"}) == "argument 1 is no option");
}
