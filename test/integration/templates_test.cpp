// What becomes of value, template and format: through the command line into a real safe, and out again by a workload. The first
// table is the original's documentation, the second its contract's worked examples; where ours is another by design, it says so.
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using test::slurp;

namespace {

std::string const good = R"({"username": "admin", "password": "VSecMRocks!"})";
std::string const bad = R"({username": "admin", "password": "VSecMRocks!"})";
std::string const good_template = R"({"USR":"{{.username}}", "PWD":"{{.password}}"})";
std::string const bad_template = R"({USR":"{{.username}}", "PWD":"{{.password}}"})";

struct row {
    std::string value, template_text, format, expected;
    std::string warning;  // a piece of it; empty: there is none
};

std::vector<std::string> words_of(row const& r) {
    std::vector<std::string> words{"sentinel", "-w", "billing", "-n", "default", "-s", r.value};
    if (!r.template_text.empty()) words.insert(words.end(), {"-t", r.template_text});
    if (r.format != "default") words.insert(words.end(), {"-f", r.format});
    return words;
}

// Writes with the command line, and reads with the inspector, which adds a line end.
void check(test::system& local, row const& r) {
    INFO(r.value << " | " << r.template_text << " | " << r.format);
    auto words = words_of(r);
    auto const put = local.run("vsecm-sentinel", words);
    CHECK(put.status == 0);
    CHECK(put.out == "\nOK\n\n");
    CHECK(put.err.empty() == r.warning.empty());
    CHECK(put.err.contains(r.warning));
    CHECK(local.inspect("billing").out == r.expected + "\n");
    // What was said before, with nobody asked, is what came.
    words.emplace_back("--dry-run");
    auto const shown = local.run("vsecm-sentinel", words);
    CHECK(shown.status == 0);
    CHECK(shown.out == r.expected);
    CHECK(shown.err == put.err);
}

}  // namespace

TEST_CASE("the outcomes that the documentation promises, and the contract's examples") {
    test::system local;
    std::string const root = R"({"username":"root"})";
    std::string const stars = R"({"username":"*root*","password":"*CasHC0w*"})";
    std::string const to_upper = R"({"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"})";
    for (std::string const f : {"json", "default", ""}) {
        check(local, {good, "", f, good, ""});
        check(local, {bad, "", f, bad, ""});
        check(local, {good, good_template, f, R"({"USR":"admin", "PWD":"VSecMRocks!"})", ""});
        check(local, {bad, good_template, f, bad, "not applied"});
        check(local, {good, bad_template, f, good, "the template's result is not a JSON object"});
        check(local, {bad, bad_template, f, bad, "not applied"});
    }
    row const rows[] = {
        {good, "", "yaml", "password: VSecMRocks!\nusername: admin\n", ""},
        {bad, "", "yaml", bad, "not YAML"},
        {good, good_template, "yaml", "PWD: VSecMRocks!\nUSR: admin\n", ""},
        {bad, good_template, "yaml", bad, "not applied"},
        {good, bad_template, "yaml", R"({USR":"admin", "PWD":"VSecMRocks!"})", "not YAML"},
        {bad, bad_template, "yaml", bad, "not applied"},
        // The original's command line turns raw and none into json; its documentation promises free text.
        {good, bad_template, "raw", R"({USR":"admin", "PWD":"VSecMRocks!"})", ""},
        {good, "host={{.username}}, port=1", "none", "host=admin, port=1", ""},
        {" x ", "", "raw", "x", ""},
        {" x ", "", "none", " x ", ""},
        // --- contract section 5
        {stars, to_upper, "json", R"({"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"})", ""},
        {stars, to_upper, "yaml", "PASSWORD: '*CasHC0w*'\nUSERNAME: '*root*'\n", ""},
        {stars, R"({"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"})", "json", R"({"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"})", ""},
        {root, "USER»»»{{.username}}", "json", root, "not a JSON object"},
        {root, "USER:{{.username}}", "yaml", "USER:root", "not YAML"},
        {root, R"({"U":"{{.username}}","P":{{.missing}},"Q":"z"})", "json", R"({"U":"root","Q":"z"})", "left out"},
        // Q12: the original takes the comma for the end of the pair, and delivers the untransformed value.
        {R"({"username":"root","password":"a,b"})", R"({"U":"{{.username}}","P":"{{.password}}"})", "json", R"({"U":"root","P":"a,b"})", ""},
        {"!VSecMRocks!", "", "json", "!VSecMRocks!", ""},
        {" plain ", "", "yaml", "plain", "not YAML"},
        // The original prints 1.234567e+06; VSECM_SAFE_TEMPLATE_NUMBERS=go does, too.
        {R"({"n":1234567,"f":1.5})", R"({"N":{{.n}},"F":{{.f}}})", "json", R"({"N":1234567,"F":1.5})", ""},
        {R"({"port":5432,"on":true,"none":null})", R"({{.port}} {{.on}} {{with .none}}x{{else}}y{{end}})", "raw", "5432 true y", ""},
    };
    for (auto const& r : rows) check(local, r);
}

TEST_CASE("what was rendered survives a restart, an append and a rollback; the sidecar's file is the same text") {
    test::system local;
    auto const received = [&] { return local.inspect("billing").out; };
    auto sidecar = local.launch("billing", {"sidecar"}, "sidecar");
    local.sentinel({"-w", "billing", "-s", R"({"u":"one"})", "-t", R"({"U":"{{.u}}"})", "-f", "yaml"});
    CHECK(received() == "U: one\n\n");
    CHECK(test::eventually(std::chrono::seconds{20}, [&] { return slurp(local.path("secrets/billing.json")) == "U: one\n"; }));
    local.kill_safe();
    CHECK(received() == "U: one\n\n");
    local.sentinel({"-w", "billing", "-a", "-s", R"({"u":"two"})", "-t", "U={{.u}}", "-f", "raw"});
    CHECK(received() == "[\"U=two\",\"U=one\"]\n");
    local.kill_safe();
    CHECK(received() == "[\"U=two\",\"U=one\"]\n");
    local.sentinel({"-w", "billing", "--rollback", "1"});
    CHECK(received() == "U: one\n\n");
}

TEST_CASE("numbers as Go prints them, where both sides are told so") {
    test::environment_map const go{{"VSECM_SAFE_TEMPLATE_NUMBERS", "go"}};
    test::system local({"billing"}, go);
    local.sentinel({"-w", "billing", "-s", R"({"n":1234567})", "-t", R"({"N":{{.n}}})", "-f", "yaml"});
    CHECK(local.inspect("billing").out == "\"N\": 1.234567e+06\n\n");
}

TEST_CASE("init commands bring templates and formats, and their warnings") {
    test::system local;
    auto const script = std::string("w:billing\ns:{\"u\":\"a,b\"}\nt:{\"U\":\"{{.u}}\"}\nf:yaml\n--\n");
    CHECK(local.sentinel({"apply", "-"}, script) == "line 1: put billing: done\n");
    CHECK(local.inspect("billing").out == "U: a,b\n\n");
    auto const warned = local.run("vsecm-sentinel", {"sentinel", "apply", "-"}, "w:billing\ns:{\"u\":\"x\"}\nt:{{.u\n--\n");
    CHECK(warned.status == 0);
    CHECK(warned.err.contains("line 1: warning: the template is not applied: template: secret:1"));
    CHECK(local.inspect("billing").out == "{\"u\":\"x\"}\n");
}
