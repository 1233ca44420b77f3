#include "volume/contents.hpp"

#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

using namespace vsecm;
using config::volume_layout;

namespace {

config::volume_settings keys(std::string templates = {}) {
    config::volume_settings how;
    how.layout = volume_layout::keys;
    how.template_path = std::move(templates);
    return how;
}

// "NAME=bytes NAME=bytes", or the error's sentence.
std::string files_of(std::string_view secret, config::volume_settings const& how) {
    auto const files = volume::files_of(base::secret_text(secret), how);
    if (!files) return files.error().what;
    std::string text;
    for (auto const& [name, bytes] : *files) text += (text.empty() ? "" : " ") + name + "=" + std::string(bytes.view());
    return text;
}

std::string content_of(std::string_view secret, config::volume_settings const& how) {
    auto const content = volume::content_of(base::secret_text(secret), how);
    return content ? std::string(content->view()) : content.error().what;
}

}  // namespace

TEST_CASE("keys: a file a member, by name") {
    CHECK(files_of(R"({"b.pem":"x\n","a":5432,"C_d-e":{"f":null}})", keys()) == "C_d-e={\"f\":null} a=5432 b.pem=x\n");
    CHECK(files_of("{}", keys()).empty());
    CHECK(files_of("TopSecret", keys()) == "the secret is not a JSON object");
}

TEST_CASE("keys: a name that leads elsewhere, hides, or is too long lets nothing through, and is in no error") {
    for (auto const* name : {"", ".", "..", "..data", ".hidden", "a/b", "/etc/passwd", "../up", "a\\\\b", "a b", "a\\u0000b", "a\\nb", "ü", "a:b", "~x~"}) {
        INFO(name);
        auto const said = files_of(std::string(R"({"good":"1",")") + name + R"(":"2"})", keys());
        CHECK(said.starts_with("member 2 of the secret: a file's name"));
    }
    auto const with_name_of = [](std::size_t len) {
        std::string secret = "{\"";
        secret.append(len, 'a').append("\":\"\"}");
        return files_of(secret, keys());
    };
    CHECK(with_name_of(254).starts_with("member 1 of the secret"));
    CHECK(with_name_of(253).size() == 254);
    CHECK(files_of(R"({"Key":"1","key":"2"})", keys()) == "two files would have the same name but for case");
}

TEST_CASE("keys: the results of templates stand beside them") {
    test::temp_folder folder;
    std::filesystem::create_directory(folder / "t");
    std::ofstream(folder / "t/app.conf.tmpl") << "user={{.user}}\n";
    std::ofstream(folder / "t/plain") << "p={{.pass}}";
    std::ofstream(folder / "t/.hidden") << "{{.nothing}}";
    CHECK(files_of(R"({"user":"u","pass":"p"})", keys(folder / "t")) == "app.conf=user=u\n pass=p plain=p=p user=u");
    CHECK(files_of(R"({"user":"u","pass":"p"})", keys(folder / "t/app.conf.tmpl")) == "app.conf=user=u\n pass=p user=u");
    CHECK(files_of(R"({"user":"u","pass":"p","App.Conf":""})", keys(folder / "t")) == "two files would have the same name but for case");
    CHECK(files_of(R"({"user":"u","pass":"p","app.conf":""})", keys(folder / "t")) == "two files would have the same name, a template's among them");
    CHECK(files_of(R"({"user":"u"})", keys(folder / "t")).ends_with("t/plain: it asks for a field that the secret does not have"));
    CHECK(files_of(R"({"user":"u"})", keys(folder / "none")).starts_with("opening "));
}

TEST_CASE("file and dotenv: one file's bytes") {
    config::volume_settings how;
    CHECK(content_of("any\nbytes", how) == "any\nbytes");
    how.layout = volume_layout::dotenv;
    CHECK(content_of(R"({"db-user":"u","n":1})", how) == "DB_USER='u'\nN='1'\n");
    CHECK(content_of("plain", how) == "the secret is not a JSON object");
}
