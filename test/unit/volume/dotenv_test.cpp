#include "volume/dotenv.hpp"

#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

using namespace vsecm;

namespace {

std::vector<delivery::member> variables(std::vector<std::string> const& values) {
    std::vector<delivery::member> made;
    for (std::size_t i = 0; i < values.size(); ++i) made.push_back({"V" + std::to_string(i), base::secret_text(values[i])});
    return made;
}

std::string text_of(std::vector<std::string> const& values) { return std::string(volume::dotenv_of(variables(values)).text.view()); }

// As compose's parser reads it: nothing has a meaning between single quotes but a backslash before the closing one; between
// double quotes a backslash takes the meaning from `\`, `"` and `$`, and stays before anything else.
std::vector<std::string> as_compose(std::string_view text) {
    std::vector<std::string> values;
    while (!text.empty()) {
        auto const at = text.find('=') + 1;
        char const quote = text[at];
        std::string value;
        std::size_t i = at + 1;
        for (; text[i] != quote; ++i) {
            if (text[i] == '\\' && (text[i + 1] == quote || (quote == '"' && (text[i + 1] == '\\' || text[i + 1] == '$')))) ++i;
            else if (text[i] == '\\' && text[i + 1] == '\\') value += text[i++];
            value += text[i];
        }
        values.push_back(value);
        text.remove_prefix(i + 2);  // the quote, the line break
    }
    return values;
}

}  // namespace

TEST_CASE("what single quotes can hold stands in them as it is") {
    CHECK(text_of({"", "a b", R"($x `y` "z" \n # =)", "two\nlines"}) == "V0=''\nV1='a b'\nV2='$x `y` \"z\" \\n # ='\nV3='two\nlines'\n");
}

TEST_CASE("a single quote, or a backslash at the end, asks for double quotes") {
    CHECK(text_of({"it's", R"(a$b'"\c)", R"(end\)", R"(even\\)"}) == "V0=\"it's\"\nV1=\"a\\$b'\\\"\\\\c\"\nV2=\"end\\\\\"\nV3='even\\\\'\n");
}

TEST_CASE("a shell reads every value back, and compose those that are not said to be for shells only") {
    std::vector<std::string> const values{"", " ", "a", "it's", "$HOME", "`id`", "$(id)", R"(\)", R"(\\)", R"(\\\)", R"('\)", R"(\')", R"("')", R"(a\$'b)", R"(\n')", "'$$'",
        "line\nbreak", "line\nit's\n", "#no comment", "x=y", "!", "tab\t'", "ü'", "`'"};
    auto const made = volume::dotenv_of(variables(values));
    CHECK(made.num_for_shells == 1);  // the last
    auto read = as_compose(made.text.view());
    REQUIRE(read.size() == values.size());
    read.back() = values.back();
    CHECK(read == values);

    test::temp_folder folder;
    std::ofstream(folder / "env", std::ios::binary) << made.text.view();
    std::string script = ". ./env; ";
    std::string expected;
    for (std::size_t i = 0; i < values.size(); ++i) {
        script += "printf '<%s>' \"$V" + std::to_string(i) + "\"; ";
        expected += "<" + values[i] + ">";
    }
    auto const shell = test::run({"sh", "-c", "cd '" + folder.path() + "' && " + script}, {{{"PATH", "/usr/bin:/bin"}}, {}, folder.path(), "sh"});
    CHECK(shell.err.empty());
    CHECK(shell.out == expected);
}

TEST_CASE("what no notation says to both is counted") {
    CHECK(volume::dotenv_of(variables({"a`'", "a\r\nb", "a`", "a\rb"})).num_for_shells == 2);
}
