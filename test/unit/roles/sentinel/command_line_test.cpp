#include "roles/sentinel/command_line.hpp"
#include "roles/sentinel/role.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::roles::sentinel;
using base::errc;
using words = std::vector<std::string_view>;
using kind = secret_source::kind;

namespace {

command parsed(words arguments) {
    auto r = parse_command_line(arguments);
    if (!r) FAIL(r.error().what);
    return *std::move(r);
}

base::error refused(words arguments) {
    auto r = parse_command_line(arguments);
    REQUIRE_FALSE(r.has_value());
    return r.error();
}

}  // namespace

TEST_CASE("putting a secret") {
    auto const c = parsed({"-w", "billing", "-s", "x"});
    CHECK(c.what == verb::put);
    CHECK(c.workloads == std::vector<std::string>{"billing"});
    CHECK(c.namespaces == std::vector<std::string>{"default"});
    CHECK(c.value.from == kind::argument);
    CHECK(c.value.text == "x");
    CHECK(c.format == "json");
    CHECK(c.not_before == "now");
    CHECK(c.expires == "never");
    CHECK_FALSE((c.append || c.encrypted));

    auto const all = parsed({"-w=a", "--workload", "k8s:b", "-n", "x", "--namespace=*", "--secret=p=q=", "-a", "-b", "memory", "-N",
                             "2026-01-31T00:00:00Z", "-E=2027-01-31T00:00:00+02:00", "-f", "JSON", "--output", "json"});
    CHECK(all.workloads == std::vector<std::string>{"a", "k8s:b"});
    CHECK(all.namespaces == std::vector<std::string>{"x", "*"});
    CHECK(all.value.text == "p=q=");
    CHECK(all.append);
    CHECK(all.store == "memory");
    CHECK(all.not_before == "2026-01-31T00:00:00Z");
    CHECK(all.format == "json");
    CHECK(all.output == output_shape::json);
    CHECK(parsed({"-w", "a", "-s", "b", "-f", ""}).format == "json");
    CHECK(parsed({"-w", "a", "-s", "b", "-f", "none"}).format == "none");
    CHECK(parsed({"-w", "a", "-s", "b", "-N", "", "-E", ""}).expires == "never");
}

TEST_CASE("Q54: secrets from standard input and files, byte for byte") {
    auto const in = parsed({"-w", "a", "-s", "-"});
    CHECK(in.value.from == kind::standard_input);
    CHECK(in.format == "none");
    auto const file = parsed({"-w", "a", "--secret-file", "/etc/key", "-f", "json"});
    CHECK(file.value.from == kind::file);
    CHECK(file.value.text == "/etc/key");
    CHECK(file.format == "json");
    CHECK(parsed({"-i", "-"}).root_key.from == kind::standard_input);
    CHECK(refused({"-w", "a", "-s", "x", "--secret-file", "y"}).code == errc::invalid);
    CHECK(refused({"-w", "a", "--secret-file", ""}).code == errc::invalid);
}

TEST_CASE("Q53: a value that begins with dashes is a value") {
    for (std::string_view const value : {"-world", "-hello", "-d", "--list", "--delete", "--"}) {
        auto const c = parsed({"-w", "a", "-s", value});
        CHECK(c.what == verb::put);
        CHECK(c.value.text == value);
    }
}

TEST_CASE("the other commands, in the original's precedence") {
    CHECK(parsed({"-l"}).what == verb::list);
    CHECK_FALSE(parsed({"-l"}).encrypted);
    CHECK(parsed({"-le"}).encrypted);
    CHECK(parsed({"-l", "-d", "-w", "a", "-s", "x"}).what == verb::list);  // -l ignores all else
    auto const keys = parsed({"-i", "a\nb\nc", "-w", "x", "-d"});
    CHECK(keys.what == verb::give_root_key);
    CHECK(keys.root_key.text == "a\nb\nc");
    CHECK(parsed({"-dw", "a"}).what == verb::remove);
    CHECK(parsed({"-w", "a", "-d", "-s", "ignored"}).what == verb::remove);
    CHECK(parsed({"-e", "-s", "x"}).what == verb::encrypt);
    auto const cipher = parsed({"-ew", "a", "-s", "x"});
    CHECK(cipher.what == verb::put);
    CHECK(cipher.encrypted);
    CHECK(parsed({"-h", "-l"}).what == verb::help);
    CHECK(parsed({"--version"}).what == verb::version);
    CHECK(parsed({"serve"}).what == verb::serve);
    CHECK(parsed({"status", "--output=json"}).output == output_shape::json);
    CHECK(parsed({"status", "-h"}).what == verb::help);
}

TEST_CASE("what is missing is said in the original's words") {
    CHECK(refused({}).what == "Please provide a workload name.");
    CHECK(refused({"-s", "x"}).what == "Please provide a workload name.");
    CHECK(refused({"-d"}).what == "Please provide a workload name.");
    CHECK(refused({"-d", "-e"}).what == "Please provide a workload name.");  // Q51: the original sends a delete of nothing
    CHECK(refused({"-w", "a"}).what == "Please provide a secret.");
    CHECK(refused({"-w", "a", "-s", ""}).what == "Please provide a secret.");
    CHECK(refused({"-e"}).what == "Please provide a secret.");
}

TEST_CASE("Q28: dates that cannot be read are refused before anything is sent") {
    CHECK(refused({"-w", "a", "-s", "x", "-N", "tomorrow"}).code == errc::invalid);
    CHECK(refused({"-w", "a", "-s", "x", "-E", "2026-02-30T00:00:00Z"}).code == errc::invalid);
    CHECK(refused({"-w", "a", "-s", "x", "-E", "now"}).code == errc::invalid);
}

TEST_CASE("Q19: names are checked before anything is sent") {
    for (std::string_view const bad : {"", "..", "a/b", "a\nb"}) CHECK(refused({"-w", bad, "-s", "x"}).code == errc::invalid);
    CHECK(refused({"-w", "a", "-n", "x y", "-s", "x"}).code == errc::invalid);
}

TEST_CASE("versions, rollback and undelete") {
    CHECK(parsed({"-w", "a", "--versions", "--output", "json"}).what == verb::versions);
    auto const back = parsed({"--rollback", "3", "-w", "a", "--if-version", "7"});
    CHECK(back.what == verb::rollback);
    CHECK(back.version == 3);
    CHECK(back.if_version == 7);
    auto const undelete = parsed({"-w", "a", "-w", "b", "--undelete"});
    CHECK(undelete.what == verb::undelete);
    CHECK(undelete.workloads == std::vector<std::string>{"a", "b"});
    words const cases[] = {{"--versions"}, {"-w", "a", "-w", "b", "--versions"}, {"-w", "a", "-w", "b", "--rollback", "1"}, {"-w", "a", "--versions", "-s", "x"},
                           {"-w", "a", "--rollback", "0"}, {"-w", "a", "--rollback", "last"}, {"-w", "a", "--rollback=-1"}, {"-w", "a", "--versions", "--if-version", "1"},
                           {"-w", "a", "--undelete", "-d"}, {"-l", "-w", "a", "--undelete"}, {"-i", "-", "-w", "a", "--undelete"}, {"-w", "a", "--versions", "--rollback", "1"},
                           {"-w", "a/b", "--undelete"}, {"-w", "a", "-n", "x", "--rollback", "1"}};
    for (auto const& arguments : cases) CHECK(refused(arguments).code == errc::invalid);
}

TEST_CASE("the root key is rotated and forgotten by commands that ignore nothing beside them") {
    CHECK(parsed({"--rotate-root-key"}).what == verb::rotate_key);
    CHECK(parsed({"--rotate-root-key"}).root_key.from == secret_source::kind::none);
    CHECK(parsed({"--rotate-root-key", "-i", "-"}).root_key.from == secret_source::kind::standard_input);
    CHECK(parsed({"-i", "k", "--rotate-root-key", "--output", "json"}).root_key.text == "k");
    CHECK(parsed({"--forget-key", "0a1b2c3d"}).what == verb::forget_key);
    CHECK(parsed({"--forget-key", "0a1b2c3d"}).key_id == "0a1b2c3d");
    words const cases[] = {{"--rotate-root-key", "--forget-key", "0a1b2c3d"}, {"--rotate-root-key", "-w", "a"}, {"--rotate-root-key", "-l"}, {"--rotate-root-key", "-i", ""},
                           {"--forget-key", ""}, {"--forget-key"}, {"--forget-key", "0a1b2c3"}, {"--forget-key", "0A1B2C3D"}, {"--forget-key", "0a1b2c3d", "-i", "-"}, {"--forget-key", "0a1b2c3d", "-d"}};
    for (auto const& arguments : cases) CHECK(refused(arguments).code == errc::invalid);
    auto const pasted = refused({"--forget-key", "AGE-SECRET-KEY-1QQQSECRET"});
    CHECK(pasted.code == errc::invalid);
    CHECK_FALSE(pasted.what.contains("QQQ"));
}

TEST_CASE("what makes no sense together is refused, never ignored") {
    CHECK(refused({"-w", "a", "-s", "x", "-f", "xml"}).code == errc::invalid);
    CHECK(refused({"-w", "a", "-s", "x", "-b", "disk"}).code == errc::invalid);
    CHECK(refused({"-w", "a", "-a", "-d"}).code == errc::invalid);
    CHECK(refused({"-e", "-s", "x", "-a"}).code == errc::invalid);
    CHECK(refused({"-l", "--output", "yaml"}).code == errc::invalid);
    CHECK(refused({"serve", "-l"}).code == errc::invalid);
    CHECK(refused({"status", "now"}).code == errc::invalid);
}

TEST_CASE("templates and formats") {
    auto const plain = parsed({"-w", "a", "-s", "x", "-t", "{{.a}}"});
    CHECK(plain.template_text == "{{.a}}");
    CHECK(plain.format == "json");
    for (std::string_view const f : {"json", "yaml", "raw", "none"}) CHECK(parsed({"-w", "a", "-s", "x", "-f", f}).format == f);
    CHECK(parsed({"-w", "a", "-s", "x", "-f", ""}).format == "json");
    CHECK(parsed({"-w", "a", "-s", "-"}).format == "none");
    CHECK(parsed({"-w", "a", "-s", "-", "-t", "{{.a}}"}).format == "json");  // exact bytes are of no use to a template
    CHECK(parsed({"-w", "a", "-s", "-", "-t", ""}).format == "none");
    CHECK(parsed({"-w", "a", "-s", "-", "-f", "yaml"}).format == "yaml");
    CHECK(refused({"-w", "a", "-s", "x", "-f", "xml"}).what == "-f takes json, yaml, raw or none");
    CHECK(refused({"-w", "a", "-s", "x", "-t", "\xff"}).code == errc::invalid);
    CHECK(refused({"-e", "-s", "x", "-t", "{{.a}}"}).code == errc::invalid);
}

TEST_CASE("a dry run shows a put, and nothing else") {
    auto const c = parsed({"-s", "x", "-t", "{{.a}}", "-f", "raw", "--dry-run"});
    CHECK(c.what == verb::put);
    CHECK(c.dry_run);
    CHECK(c.workloads.empty());
    CHECK(parsed({"-w", "a", "-s", "x", "-a", "--dry-run"}).append);
    CHECK(refused({"-w", "a", "--dry-run"}).what == "Please provide a secret.");
    words const cases[] = {{"-l", "--dry-run"}, {"-i", "-", "--dry-run"}, {"-w", "a", "-d", "--dry-run"}, {"-w", "a", "-e", "-s", "x", "--dry-run"},
                           {"-e", "-s", "x", "--dry-run"}, {"-w", "a", "--undelete", "--dry-run"}, {"status", "--dry-run"}};
    for (auto const& arguments : cases) CHECK(refused(arguments).code == errc::invalid);
}

TEST_CASE("a value with the prefix is a pattern to generate from") {
    auto const c = parsed({"-w", "a", "-s", "gen:gen:[a-z]{8}"});
    CHECK(c.value.from == kind::pattern);
    CHECK(c.value.text == "gen:[a-z]{8}");
    CHECK(c.format == "json");
    CHECK(parsed({"-e", "-s", "gen:[a-z]{8}"}).value.from == kind::pattern);
    CHECK(refused({"-w", "a", "-e", "-s", "gen:[a-z]{8}"}).code == errc::invalid);
    words const other{"-w", "a", "-s", "make:x"};
    CHECK(parse_command_line(other, "make:")->value.text == "x");
    CHECK(parse_command_line(words{"-w", "a", "-s", "gen:x"}, "")->value.from == kind::argument);
}

TEST_CASE("a script by hand") {
    auto const c = parsed({"apply", "script"});
    CHECK(c.what == verb::apply);
    CHECK(c.value.from == kind::file);
    CHECK(c.value.text == "script");
    CHECK_FALSE(c.dry_run);
    CHECK(parsed({"apply", "--dry-run", "-"}).value.from == kind::standard_input);
    CHECK(parsed({"apply", "script", "--dry-run"}).dry_run);
    CHECK(parsed({"apply", "--help"}).what == verb::help);
    for (words const& bad : {words{"apply"}, {"apply", ""}, {"apply", "a", "b"}, {"apply", "a", "-w", "x"}, {"apply", "-l", "a"}})
        CHECK(refused(bad).code == errc::invalid);
}

TEST_CASE("a version to be replaced is a number, and goes with a put") {
    CHECK_FALSE(parsed({"-w", "a", "-s", "x"}).if_version.has_value());
    CHECK(parsed({"-w", "a", "-s", "x", "--if-version", "3"}).if_version == 3);
    CHECK(parsed({"-w", "a", "-a", "-s", "x", "--if-version=0"}).if_version == 0);
    for (std::string_view const bad : {"", "-1", "three", "3.0", "99999999999999999999"})
        CHECK(refused({"-w", "a", "-s", "x", "--if-version", bad}).what.starts_with("--if-version takes"));
    CHECK(refused({"-w", "a", "-d", "--if-version", "3"}).code == errc::invalid);
    CHECK(refused({"-e", "-s", "x", "--if-version", "3"}).code == errc::invalid);
}

TEST_CASE("no refusal repeats what may be a secret") {
    words const cases[] = {{"-w", "a", "hunter2"},
                           {"-w", "a", "-shunter2"},
                           {"-w", "a", "--hunter2"},
                           {"-w", "a", "--secert=hunter2"},
                           {"-w", "a", "-s", "x", "-N", "hunter2"},
                           {"-w", "a", "-s", "x", "--if-version", "hunter2"},
                           {"-w", "a", "-s", "x", "-f", "hunter2"},
                           {"-w", "a", "-s", "hunter2", "-s", "hunter2"},
                           {"-w", "a", "-e", "-s", "gen:hunter2"},
                           {"-w", "hunter2/", "-s", "x"},
                           {"-w", "a", "-s", "hunter2\xff"},
                           {"hunter2"}};
    for (auto const& arguments : cases) CHECK(refused(arguments).what.find("hunter2") == std::string::npos);
}

TEST_CASE("help tells every option") {
    auto const text = help_text(sentinel_manual);
    for (std::string_view const option : {"-w,", "-n,", "-s,", "--secret-file", "-a,", "-b,", "-d,", "-e,", "-l,", "-i,", "-f,", "-N,", "-E,",
                                          "--output", "--version", "--if-version N", "-h,", "safe status", "safe apply", "safe render", "sentinel serve"})
        CHECK(text.find(option) != std::string_view::npos);
}

TEST_CASE("rendering takes a template and data, and nothing else") {
    auto const c = parsed({"render", "-t", "{{.a}}", "-s", "{}"});
    CHECK(c.what == verb::render);
    CHECK(c.template_text == "{{.a}}");
    CHECK(c.value.from == kind::argument);
    CHECK(c.value.text == "{}");
    CHECK(parsed({"render", "-s", "-", "--template=-"}).value.from == kind::standard_input);
    CHECK(parsed({"render", "-t", "", "--secret-file", "f"}).template_text.empty());
    CHECK(parsed({"render", "-t", "x", "-s", "gen:[a-z]{8}"}).value.text == "gen:[a-z]{8}");  // data, no pattern
    CHECK(parsed({"render", "-h", "-w", "a"}).what == verb::help);
    CHECK(refused({"render", "-s", "{}"}).what == "give the template by -t");
    CHECK(refused({"render", "-t", "x"}).what == "give the data, which is JSON, by -s or --secret-file");
    CHECK(refused({"render", "-t", "x", "-s", ""}).code == errc::invalid);
    CHECK(refused({"render", "-t", "x", "-s", "{}", "--secret-file", "f"}).code == errc::invalid);
    CHECK(refused({"render", "-t", "x", "-s", "{}", "-w", "a"}).what == "render takes -t, -s and --secret-file, nothing else");
    CHECK(refused({"render", "-t", "x", "-s", "{}", "-f", "json"}).code == errc::invalid);
    CHECK(refused({"render", "-t", "x", "-s", "{}", "hunter2"}).what.find("hunter2") == std::string::npos);
}
