#include "config/variables.hpp"

#include "config/parse.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>

using namespace vsecm;
using namespace vsecm::config;

namespace {

std::vector<std::string> warnings_for(std::map<std::string, std::string, std::less<>> values) {
    return variable_warnings(base::environment(std::move(values)));
}

}  // namespace

TEST_CASE("every row is whole: a name once, a sentence, a default that parses") {
    std::set<std::string_view> names;
    for (auto const& v : all_variables()) {
        INFO(v.name);
        CHECK(names.insert(v.name).second);
        for (auto const alias : v.aliases)
            if (!alias.empty()) CHECK(names.insert(alias).second);
        CHECK((v.name.starts_with("VSECM_") || v.name.starts_with("SPIFFE_") || v.name.starts_with("KUBERNETES_SERVICE_")));
        CHECK_FALSE(v.doc.empty());
        CHECK(v.roles != 0);
        CHECK(find_variable(v.name) == &v);
        if (v.from == origin::ignored || v.from == origin::refused || v.default_text.empty()) continue;
        switch (v.kind) {
            case value_kind::boolean: CHECK(parse_bool(v.default_text).has_value()); break;
            case value_kind::integer: CHECK(parse_int(v.default_text).has_value()); break;
            case value_kind::bytes: CHECK(parse_bytes(v.default_text).has_value()); break;
            case value_kind::address: CHECK(is_address(v.default_text)); break;
            case value_kind::choice: CHECK(v.unit.find(v.default_text) != v.unit.npos); break;
            case value_kind::duration:
                CHECK((v.from == origin::ours ? parse_duration(v.default_text) : parse_original_ms(v.default_text)).has_value());
                break;
            case value_kind::text:
            case value_kind::pattern: break;
        }
    }
    CHECK(find_variable("VSECM_NOTHING") == nullptr);
}

TEST_CASE("help names every variable and its default") {
    auto const help = variables_help();
    for (auto const& v : all_variables()) CHECK(help.find(v.name) != help.npos);
    CHECK(help.find("default unix:///spire-agent-socket/spire-agent.sock; read by safe, sentinel") != help.npos);
    CHECK(help.find("default 4MiB (bytes); read by safe; new here") != help.npos);
    CHECK(help.find("older name: VSECM_SYSTEM_NAMESPACE") != help.npos);
}

TEST_CASE("unknown names are warned about with the nearest") {
    auto const w = warnings_for({{"VSECM_LOGL_LEVEL", "6"}, {"VSECM_XYZZY_QUUX_FROB", "1"}, {"PATH", "/bin"}, {"VSECM_EMPTY", ""}});
    REQUIRE(w.size() == 2);
    CHECK(w[0] == "VSECM_LOGL_LEVEL is not a variable of this program: did you mean VSECM_LOG_LEVEL?");
    CHECK(w[1] == "VSECM_XYZZY_QUUX_FROB is not a variable of this program");
}

TEST_CASE("older names, and names of parts that are not here") {
    CHECK(warnings_for({{"VSECM_SYSTEM_NAMESPACE", "x"}}) == std::vector<std::string>{"VSECM_SYSTEM_NAMESPACE is an older name: use VSECM_NAMESPACE_SYSTEM"});
    CHECK(warnings_for({{"VSECM_SYSTEM_NAMESPACE", "x"}, {"VSECM_NAMESPACE_SYSTEM", "y"}}).at(0).find("is ignored because") != std::string::npos);
    CHECK(warnings_for({{"VSECM_RELAY_SERVER_URL", "https://x"}}).at(0) == "VSECM_RELAY_SERVER_URL has no effect: the relay is not built");
    CHECK(warnings_for({{"VSECM_SAFE_SYNC_DELETED_SECRETS", "true"}, {"VSECM_SAFE_IV_INITIALIZATION_INTERVAL", "50"}}).empty());
}

TEST_CASE("what Kubernetes says about services is nobody's mistake") {
    CHECK(warnings_for({{"VSECM_SAFE_SERVICE_HOST", "10.0.0.1"},
                        {"VSECM_SAFE_SERVICE_PORT", "8443"},
                        {"VSECM_SAFE_SERVICE_PORT_HTTPS", "8443"},
                        {"VSECM_SAFE_PORT", "tcp://10.0.0.1:8443"},
                        {"VSECM_SAFE_PORT_8443_TCP", "tcp://10.0.0.1:8443"},
                        {"VSECM_SAFE_PORT_8443_TCP_ADDR", "10.0.0.1"},
                        {"VSECM_SAFE_PORT_8443_TCP_PROTO", "tcp"}})
              .empty());
}
