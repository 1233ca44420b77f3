#include "store/kube_data.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using store::kubernetes_data;
using texts = std::map<std::string, std::string>;

namespace {

texts keys_of(std::string_view delivered, std::string_view value) {
    auto const data = kubernetes_data(base::secret_text(delivered), base::secret_text(value));
    if (!data) FAIL(data.error().what);
    texts found;
    for (auto const& [key, text] : *data) found[key] = text.view();
    return found;
}
texts keys_of(std::string_view value) { return keys_of(value, value); }

}  // namespace

TEST_CASE("an object of texts gives a key a field") {
    CHECK(keys_of(R"({"username":"root","password":"a,b","empty":"","nothing":null})") ==
          texts{{"username", "root"}, {"password", "a,b"}, {"empty", ""}, {"nothing", ""}});
    CHECK(keys_of(R"({"a":"1","a":"2"})") == texts{{"a", "2"}});
    CHECK(keys_of("null").empty());
    CHECK(keys_of("{}").empty());
}

TEST_CASE("anything else is one key, untouched") {
    for (auto const* value : {"secret", " padded ", R"({"port":5432})", R"({"a":{"b":"c"}})", R"(["a"])", R"("text")", "{", "7", "true"})
        CHECK(keys_of(value) == texts{{"VALUE", value}});
    // White space that delivery takes away is part of the value all the same.
    CHECK(keys_of("padded", " padded\n") == texts{{"VALUE", " padded\n"}});
}

TEST_CASE("what the template made counts, if it is an object of texts") {
    CHECK(keys_of(R"({"USER":"root","GONE":"<no value>"})", R"({"username":"root"})") == texts{{"USER", "root"}, {"GONE", "<no value>"}});
    // Q18: it failed, or made something else: the fields of the value, and never what they would be as base64.
    for (auto const* made : {R"({"username":"root"})", R"({"PORT":5432})", "USER=root", ""})
        CHECK(keys_of(made, R"({"username":"root"})") == texts{{"username", "root"}});
    CHECK(keys_of("USER=root", "no object") == texts{{"VALUE", "no object"}});
}

TEST_CASE("a field that cannot be a key is an error that does not repeat it") {
    for (auto const* bad : {R"({"my secret":"x"})", R"({"":"x"})", R"({"..":"x"})", R"({"a/b":"x"})"}) {
        auto const refused = kubernetes_data(base::secret_text(std::string_view(bad)), base::secret_text(std::string_view(bad)));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == base::errc::invalid);
        CHECK_FALSE(refused.error().what.contains("my secret"));
    }
}
