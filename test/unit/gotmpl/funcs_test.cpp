#include "gotmpl/funcs.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace vsecm;
using namespace vsecm::gotmpl;

namespace {

limits const bounds;

value text(std::string_view t) { return t; }
value whole(std::int64_t n) { return n; }
value number(double n) { return real{n, {}}; }

// What the function gives, printed as a text where it is one, or its message.
std::string result_of(std::string_view name, std::initializer_list<value> args) {
    workspace work(bounds);
    auto const made = find_function(name)->run(work, args);
    if (!made) return made.error().what;
    if (auto const* t = made->get_if<std::string_view>()) return std::string(*t);
    if (auto const* n = made->get_if<std::int64_t>()) return std::to_string(*n);
    if (auto const* b = made->get_if<bool>()) return *b ? "true" : "false";
    return std::string(type_name(*made));
}

}  // namespace

TEST_CASE("the functions are Go's") {
    for (std::string_view const name : {"and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf", "println", "slice", "urlquery"})
        CHECK(find_function(name) != nullptr);
    for (std::string_view const name : {"", "if", "env", "Print", "prin", "printff"}) CHECK(find_function(name) == nullptr);
}

TEST_CASE("index and slice") {
    value const elements[] = {text("a"), number(1), {}};
    list const three{elements, 3, 3};
    CHECK(result_of("index", {three, whole(0)}) == "a");
    CHECK(result_of("index", {three, whole(3)}) == "reflect: slice index out of range");
    CHECK(result_of("index", {three, whole(4)}) == "index out of range: 4");
    CHECK(result_of("index", {three, number(1)}) == "cannot index slice/array with type float64");
    CHECK(result_of("index", {text("abc"), whole(1)}) == "uint8");
    CHECK(result_of("index", {value{}, whole(1)}) == "index of untyped nil");
    CHECK(result_of("slice", {text("abcd"), whole(1), whole(3)}) == "bc");
    CHECK(result_of("slice", {text("abcd"), whole(3), whole(1)}) == "invalid slice index: 3 > 1");
    CHECK(result_of("slice", {text("abcd"), whole(0), whole(1), whole(1)}) == "cannot 3-index slice a string");
    CHECK(result_of("slice", {three, whole(0), whole(4)}) == "index out of range: 4");
    CHECK(result_of("slice", {whole(1)}) == "can't slice item of type int");
}

TEST_CASE("members are found by name") {
    member const members[] = {{"a", text("x")}, {"b", number(1)}};
    map const two{members, 2};
    CHECK(result_of("index", {two, text("a")}) == "x");
    CHECK(result_of("index", {two, text("c")}) == "nil");
    CHECK(result_of("index", {two, text("a"), text("b")}) == "cannot index slice/array with type string");
    CHECK(result_of("index", {two, text("b"), text("b")}) == "can't index item of type float64");
    CHECK(result_of("index", {two, whole(1)}) == "value has type int; should be string");
    CHECK(result_of("len", {two}) == "2");
}

TEST_CASE("comparisons want one type") {
    CHECK(result_of("eq", {number(1), number(1)}) == "true");
    CHECK(result_of("eq", {number(1), whole(1)}) == "incompatible types for comparison: float64 and int");
    CHECK(result_of("eq", {text("a"), text("b"), text("a")}) == "true");
    CHECK(result_of("eq", {value{}, value{}}) == "true");
    CHECK(result_of("eq", {list{}, list{}}) == "non-comparable type []interface {}");
    CHECK(result_of("ne", {whole(1), static_cast<std::uint8_t>(1)}) == "false");
    CHECK(result_of("lt", {text("B"), text("a")}) == "true");
    CHECK(result_of("le", {whole(2), whole(2)}) == "true");
    CHECK(result_of("gt", {number(2), number(1)}) == "true");
    CHECK(result_of("ge", {true, true}) == "invalid type for comparison");
    CHECK(result_of("lt", {value{}, whole(1)}) == "invalid type for comparison");
}

TEST_CASE("texts for other languages") {
    CHECK(result_of("html", {text("<"), whole(1), value{}}) == "&lt;1&lt;no value&gt;");
    CHECK(result_of("js", {text("'")}) == "\\'");
    CHECK(result_of("urlquery", {text("a b"), whole(1)}) == "a+b1");
    CHECK(result_of("print", {whole(1), whole(2), text("x")}) == "1 2x");
    CHECK(result_of("println", {text("x")}) == "x\n");
    CHECK(result_of("printf", {text("%d%%"), whole(7)}) == "7%");
}

TEST_CASE("a workspace gives out so much and no more") {
    limits small;
    small.max_texts = 5;
    small.max_steps = 3;
    workspace work(small);
    CHECK(work.pay(2).has_value());
    CHECK(work.pay(2).error().what == "the template takes more than 3 steps");
    CHECK(work.pay(1).has_value());
    auto first = work.new_text();
    first.write("abc");
    auto const kept = work.keep(std::move(first));
    REQUIRE(kept.has_value());
    auto second = work.new_text();
    second.write("def");
    CHECK(work.keep(std::move(second)).error().code == base::errc::too_large);
    CHECK(*kept->get_if<std::string_view>() == "abc");
}
