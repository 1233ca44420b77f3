#include "delivery/members.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using base::as_bytes;

namespace {

// "NAME=text NAME=text", or the error's sentence.
std::string shown(base::result<std::vector<delivery::member>> const& found) {
    if (!found) return found.error().what;
    std::string text;
    for (auto const& [name, value] : *found) text += (text.empty() ? "" : " ") + name + "=" + std::string(value.view());
    return text;
}
std::string members(std::string_view json) { return shown(delivery::members_of(as_bytes(json))); }
std::string variables(std::string_view json, std::string_view prefix = {}) { return shown(delivery::variables_of(as_bytes(json), prefix)); }

}  // namespace

TEST_CASE("a string is its text, null nothing, and anything else JSON as it was written") {
    CHECK(members(R"({"b":"x\ny","a":1.50,"c":true,"d":null,"e":{"f":[1,"z"]}})") == "b=x\ny a=1.50 c=true d= e={\"f\":[1,\"z\"]}");
    CHECK(members("{}").empty());
}

TEST_CASE("of two members of one name the last counts, in the place of the first") {
    CHECK(members(R"({"a":"1","b":"2","a":"3"})") == "a=3 b=2");
}

TEST_CASE("what is no object has no members, and its text is in no error") {
    for (auto const* text : {"TopSecret", "\"TopSecret\"", "[\"TopSecret\"]", "null", ""}) CHECK(members(text) == "the secret is not a JSON object");
    std::string many = "{\"k\":0";
    for (std::size_t i = 0; i < delivery::most_members; ++i) many += ",\"k" + std::to_string(i) + "\":0";
    CHECK(members(many + "}") == "the secret has more than 1000 members");
}

TEST_CASE("where it was meant to be an object, what is wrong with it is said, and nothing of it") {
    std::string const begin = "the secret begins like a JSON object and cannot be read as one: ";
    CHECK(members("{\"TopSecret\"") == begin + "not valid JSON at byte 12");
    CHECK(members(" \r\n\t{\"a\":TopSecret}") == begin + "not valid JSON at byte 9");
    CHECK(members(R"({"x":1e400})") == begin + "the JSON document is refused: a number beyond 1.8e308 at byte 5");
    CHECK(members(R"({"x":-1e400})") == begin + "the JSON document is refused: a number beyond 1.8e308 at byte 5");
    CHECK(members("{\"x\":" + std::string(100, '[') + std::string(100, ']') + "}").starts_with(begin + "the JSON document is refused: nested too deeply"));
    CHECK(members(R"({"x":1e308})") == "x=1e308");
}

TEST_CASE("variables: letters in upper case, dash and dot as underscore, the prefix in front") {
    CHECK(variables(R"({"db-user":"u","db.pass":"p","_x9":"y","URL":"z"})") == "DB_USER=u DB_PASS=p _X9=y URL=z");
    CHECK(variables(R"({"1st":"u"})", "K") == "K1ST=u");
}

TEST_CASE("variables: nothing by which a shell, the loader or the C library runs what is in it") {
    for (auto const* name : {"PATH", "IFS", "ENV", "BASH_ENV", "BASHOPTS", "SHELLOPTS", "PS4", "PROMPT_COMMAND", "GCONV_PATH", "GLIBC_TUNABLES", "LD_PRELOAD", "LD_",
             "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "PYTHONPATH", "PYTHONSTARTUP", "PERL5OPT", "RUBYOPT", "DOTNET_STARTUP_HOOKS",
             "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXEC_PATH", "GIT_CONFIG_COUNT", "GIT_CONFIG_VALUE_0", "LOCPATH", "NLSPATH",
             "DOTNET_ROOT_X64", "ZDOTDIR", "PYTHONUSERBASE", "PYTHONBREAKPOINT", "PERLLIB", "LUA_INIT_5_4", "CORECLR_PROFILER_PATH", "ERL_AFLAGS", "R_PROFILE_USER", "LESSOPEN", "KRB5_CONFIG"}) {
        INFO(name);
        CHECK(delivery::check_variable_name(name).error().code == base::errc::invalid);
        CHECK(delivery::check_variable_name("APP_" + std::string(name)));
    }
    for (auto const* name : {"HOME", "BROWSER", "DOTNET_ENVIRONMENT", "USER", "PASSWORD", "HOST", "PGPASSWORD", "GIT_TOKEN", "GIT_USERNAME", "NODE_ENV", "NPM_TOKEN", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "SSL_CERT_FILE", "PYTHON_TOKEN"}) {
        INFO(name);
        CHECK(delivery::check_variable_name(name));
    }
    CHECK(variables(R"-({"shellopts":"xtrace","ps4":"$(id)"})-").starts_with("member 1 of the secret"));
}

TEST_CASE("variables: a name that is none, or is another's, and what no variable holds; said without the name") {
    for (auto const* json : {R"({"ok":"1","TopSecret=":"2"})", R"({"ok":"1","":"2"})", R"({"ok":"1","9x":"2"})", R"({"ok":"1","ü":"2"})", R"({"ok":"1","a b":"2"})",
             R"({"ok":"1","OK":"2"})", R"({"ok":"1","x":"\u0000"})", R"({"ok":"1","path":"2"})", R"({"ok":"1","ld_preload":"2"})", R"({"ok":"1","bash-env":"2"})"}) {
        auto const said = variables(json);
        CHECK(said.starts_with("member 2 of the secret"));
        CHECK(!said.contains("TopSecret"));
    }
    CHECK(variables("{\"" + std::string(300, 'a') + "\":\"\"}").starts_with("member 1 of the secret: a variable's name has 1 to 255"));
    CHECK(variables(R"({"path":"2"})", "APP_") == "APP_PATH=2");
}
