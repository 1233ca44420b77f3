// What Go's text/template makes of thousands of templates (test/vectors/gotmpl), and the same of ours.
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "gotmpl/quote.hpp"
#include "gotmpl/render.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

using namespace vsecm;

namespace {

struct golden {
    std::string text, data;
    std::optional<std::string> output;
    std::string error;
};

// A text of the file, in base64 where it is not UTF-8.
std::optional<std::string> text_member(codec::json_value line, std::string const& name) {
    if (auto const plain = line.member(name)) return std::string(plain->as_string());
    auto const encoded = line.member(name + "64");
    if (!encoded) return std::nullopt;
    auto const bytes = base::base64_decode(encoded->as_string());
    REQUIRE(bytes.has_value());
    return std::string(bytes->begin(), bytes->end());
}

// Without data of its own a line has that of the line before.
golden parse(std::string const& line, std::string& data) {
    auto const document = codec::json_document::parse(base::secret_text(line));
    REQUIRE(document.has_value());
    auto const root = document->root();
    data = text_member(root, "data").value_or(data);
    return {*text_member(root, "template"), data, text_member(root, "output"), text_member(root, "error").value_or("")};
}

// Go names a column only when it executes; ours when it parses too.
std::string without_parse_column(std::string message) {
    if (message.contains(": executing ")) return message;
    auto const line = message.find(":", std::string_view{"template: secret"}.size()) + 1;
    auto const column = message.find(":", line);
    auto const end = message.find(":", column + 1);
    return message.erase(column, end - column);
}

// Go's messages show values, ours their types or nothing: they are the same up to there. Ours are cut where they get long.
bool same_message(std::string const& ours, std::string const& gos) {
    if (ours == gos || (ours.ends_with("...") && gos.starts_with(ours.substr(0, ours.size() - 3)))) return true;
    for (std::string_view const mark : {"range can't iterate over ", "can't use ", "non-comparable type", "call: non-function ", "index out of range"})
        if (auto const at = gos.find(mark); at != gos.npos) return ours.starts_with(gos.substr(0, at + mark.size()));
    return false;
}

// Empty if ours is what Go's is.
std::string difference(golden const& g) {
    auto const document = codec::json_document::parse(base::secret_text(g.data), {.max_depth = 1000});
    if (!document) return "data: " + document.error().what;
    auto const made = gotmpl::render(g.text, document->root(), {.numbers = gotmpl::number_style::go});
    if (made && g.output && made->view() == *g.output) return {};
    if (made) return "ours: " + std::string(made->view());
    if (!g.output && same_message(without_parse_column(made.error().what), g.error)) return {};
    return "ours: error: " + made.error().what;
}

struct outcome {
    int num_cases = 0;
    int num_differences = 0;
    std::string shown;  // of the first differences, everything
};

outcome compare_all(std::string const& path) {
    std::ifstream file(path);
    REQUIRE(file.is_open());
    outcome all;
    std::string data;
    for (std::string line; std::getline(file, line); ++all.num_cases) {
        auto const g = parse(line, data);
        auto const found = difference(g);
        if (found.empty()) continue;
        if (++all.num_differences > 20) continue;
        for (auto const& text : {"template: " + g.text, "data: " + g.data, "Go: " + g.output.value_or("error: " + g.error), found})
            all.shown += gotmpl::quoted(text) + '\n';
    }
    return all;
}

}  // namespace

TEST_CASE("templates give what Go gives") {
    for (std::string const name : {"cases", "random"}) {
        auto const all = compare_all(std::string(VSECM_TEST_VECTORS) + "/gotmpl/" + name + ".jsonl");
        INFO(all.shown);
        CHECK(all.num_differences == 0);
        CHECK(all.num_cases > 500);
    }
}

// More than fits into the tree: a file the generator made, named by VSECM_GOTMPL_CASES.
TEST_CASE("more templates give what Go gives", "[.more]") {
    char const* const path = std::getenv("VSECM_GOTMPL_CASES");
    REQUIRE(path != nullptr);
    auto const all = compare_all(path);
    INFO(all.shown);
    CHECK(all.num_differences == 0);
    WARN(all.num_cases << " cases");
}
