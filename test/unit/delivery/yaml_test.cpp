// YAML as Go's yaml.v3 writes it (test/vectors/yaml), read back by yaml-cpp.
#include "delivery/yaml.hpp"

#include "codec/json_reader.hpp"
#include "gotmpl/data.hpp"
#include "gotmpl/quote.hpp"

#include <catch2/catch_test_macros.hpp>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <fstream>
#include <string>

using namespace vsecm;

namespace {

std::string yaml_of(codec::json_value root, gotmpl::number_style numbers) {
    auto const data = gotmpl::data::from(root, numbers);
    REQUIRE(data.has_value());
    auto const text = delivery::to_yaml(data->root(), 1U << 24);
    REQUIRE(text.has_value());
    return std::string(text->view());
}

std::string yaml_of(std::string_view json, gotmpl::number_style numbers = gotmpl::number_style::exact) {
    auto const document = codec::json_document::parse(base::secret_text(json), {.max_depth = 1000});
    REQUIRE(document.has_value());
    return yaml_of(document->root(), numbers);
}

bool says_the_same(YAML::Node const& node, codec::json_value json) {
    switch (json.kind()) {
        case codec::json_kind::null: return node.IsNull();
        case codec::json_kind::boolean: return node.IsScalar() && node.Tag() != "!" && node.Scalar() == (json.as_bool() ? "true" : "false");
        case codec::json_kind::number: return node.IsScalar() && node.Tag() != "!" && node.as<double>() == std::strtod(std::string(json.number_text()).c_str(), nullptr);
        case codec::json_kind::string: return node.IsScalar() && node.Scalar() == json.as_string();
        case codec::json_kind::array: {
            if (!node.IsSequence() || node.size() != json.size()) return false;
            std::size_t i = 0;
            for (auto const element : json.elements())
                if (!says_the_same(node[i++], element)) return false;
            return true;
        }
        case codec::json_kind::object: break;
    }
    if (!node.IsMap()) return false;
    std::size_t num = 0;
    for (auto const& pair : node) {
        auto const held = json.member(pair.first.Scalar());
        if (!pair.first.IsScalar() || !held || !says_the_same(pair.second, *held)) return false;
        ++num;
    }
    return num == json.size();
}

// Empty if yaml-cpp reads the document in `text`. It makes single bytes of the escapes \N and \_, so they are left out.
std::string read_back(std::string const& text, codec::json_value json) {
    if (text.contains("\\N") || text.contains("\\_")) return {};
    try {
        if (says_the_same(YAML::Load(text), json)) return {};
        return "reads back as something else";
    } catch (YAML::Exception const& e) {
        return std::string("does not read back: ") + e.what();
    }
}

struct outcome {
    int num_cases = 0, num_lossy = 0, num_wrong = 0;
    std::string shown;
};

outcome compare_all(std::string const& path) {
    std::ifstream file(path);
    REQUIRE(file.is_open());
    outcome all;
    for (std::string line; std::getline(file, line); ++all.num_cases) {
        auto const golden = codec::json_document::parse(base::secret_text(line));
        REQUIRE(golden.has_value());
        auto const root = golden->root();
        auto const data = codec::json_document::parse(base::secret_text(root.member("data")->as_string()));
        REQUIRE(data.has_value());
        bool const lossy = root.member("lossy").has_value();
        all.num_lossy += lossy;
        auto const ours = yaml_of(data->root(), gotmpl::number_style::go);
        auto const gos = root.member("yaml")->as_string();
        auto const why = !lossy && ours != gos ? "differs" : lossy && ours == gos ? "is as lossy as Go's" : read_back(ours, data->root());
        if (why.empty() || ++all.num_wrong > 20) continue;
        all.shown += why + '\n';
        for (auto const text : {root.member("data")->as_string(), std::string_view(ours), gos}) all.shown += gotmpl::quoted(text) + '\n';
    }
    return all;
}

}  // namespace

TEST_CASE("a document is what yaml.v3 writes, and reads back as it was") {
    for (std::string const name : {"cases", "random"}) {
        auto const all = compare_all(std::string(VSECM_TEST_VECTORS) + "/yaml/" + name + ".jsonl");
        INFO(all.shown);
        CHECK(all.num_wrong == 0);
        CHECK(all.num_cases >= 1500);
        CHECK(all.num_lossy < all.num_cases / 8);
    }
}

// More than fits into the tree: a file the generator made, named by VSECM_YAML_CASES.
TEST_CASE("more documents are what yaml.v3 writes", "[.more]") {
    char const* const path = std::getenv("VSECM_YAML_CASES");
    REQUIRE(path != nullptr);
    auto const all = compare_all(path);
    INFO(all.shown);
    CHECK(all.num_wrong == 0);
    WARN(all.num_cases << " cases");
}

TEST_CASE("integers keep the digits JSON wrote, unless Go's are wanted") {
    CHECK(yaml_of(R"({"n":1234567,"m":12345678901234567890,"f":1.5,"e":1e6,"z":-0})") == "e: 1e+06\nf: 1.5\nm: 12345678901234567890\n\"n\": 1234567\nz: -0\n");
    CHECK(yaml_of(R"([1234567])", gotmpl::number_style::go) == "- 1.234567e+06\n");
}

TEST_CASE("what yaml.v3 would lose is quoted") {
    CHECK(yaml_of(R"({"a":"\nb"})") == "a: \"\\nb\"\n");
    CHECK(yaml_of(R"([" a\nb"])") == "- \" a\\nb\"\n");
    CHECK(yaml_of(R"({"a":" a\nb"})") == "a: |4-\n     a\n    b\n");  // the hint is true here
    CHECK(yaml_of(R"({"<<":{"a":"<<"}})") == "\"<<\":\n    a: <<\n");
    CHECK(yaml_of(R"({"a":"b\u2028c"})") == "a: \"b\\Lc\"\n");
}

TEST_CASE("of equal names the last counts") { CHECK(yaml_of(R"({"a":1,"b":2,"a":3})") == "a: 3\nb: 2\n"); }

TEST_CASE("names that contradict the order are written all the same") {
    std::string json = "{";
    for (int i = 0; i < 4000; ++i) json += (i == 0 ? "\"" : ",\"") + std::string(i % 3 == 0 ? "a" : i % 3 == 1 ? "1" : "_") + std::to_string(i * 7919 % 1000) + (i % 2 == 0 ? "b0" : "-") + std::to_string(i) + "\":0";
    auto const text = yaml_of(json + "}");
    CHECK(std::ranges::count(text, '\n') == 4000);
}

TEST_CASE("a document that would be too long is an error") {
    auto const document = codec::json_document::parse(base::secret_text(R"({"a":["b","c"]})"));
    auto const data = gotmpl::data::from(document->root(), gotmpl::number_style::exact);
    CHECK(delivery::to_yaml(data->root(), 18).error().code == base::errc::too_large);
    CHECK(delivery::to_yaml(data->root(), 19)->view() == "a:\n    - b\n    - c\n");
}
