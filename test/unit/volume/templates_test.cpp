#include "volume/templates.hpp"

#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

using namespace vsecm;

namespace {

struct scene {
    // What a template makes of a secret, or the error's sentence without the folder.
    std::string render(std::string_view text, std::string_view secret) {
        std::ofstream(folder / "t", std::ios::binary) << text;
        auto const made = volume::render_file(folder / "t", secret);
        return made ? std::string(made->view()) : made.error().what.substr(folder.path().size() + 1);
    }
    test::temp_folder folder;
};

}  // namespace

TEST_CASE("any JSON is a template's data, and anything else a text") {
    scene s;
    CHECK(s.render("{{.user}}:{{.n}}", R"({"user":"u","n":1234567})") == "u:1234567");
    CHECK(s.render("{{range .}}[{{.}}]{{end}}", R"(["a","b"])") == "[a][b]");
    CHECK(s.render("token {{.}}", "plain \"text\"") == "token plain \"text\"");
}

TEST_CASE("what does not go with the secret is an error that does not repeat it") {
    scene s;
    CHECK(s.render("{{.user", R"({"user":"TopSecret"})").starts_with("t: "));
    CHECK(s.render("a\n{{.user.name}}", R"({"user":"TopSecret"})").contains("2:"));
    CHECK(!s.render("a\n{{.user.name}}", R"({"user":"TopSecret"})").contains("TopSecret"));
    CHECK(s.render("{{.pass}}", R"({"user":"TopSecret"})") == "t: it asks for a field that the secret does not have");
    CHECK(s.render("{{if .pass}}x{{end}}{{with .user}}{{.}}{{end}}", R"({"user":"u"})") == "u");
    CHECK(s.render("<no value>", R"({"user":"u"})") == "<no value>");
    CHECK(s.render("{{.user}}", R"({"user":"<no value>"})") == "<no value>");
}
