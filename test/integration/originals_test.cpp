// What a system of the original leaves behind (test/vectors/original): our safe starts on it, serves and lists every secret, and
// keygen reads all of it.
#include "api/messages.hpp"
#include "base/encoding.hpp"
#include "codec/json_reader.hpp"
#include "crypto/age_format.hpp"
#include "crypto/aes_gcm.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace vsecm;
using std::chrono::seconds;

namespace {

struct left_secret {
    std::string name, value, delivered;  // value: of several, a JSON array
};

std::string const& vectors() {
    static std::string const path = [] {
        auto const* const all = std::getenv("VSECM_TEST_VECTORS");
        REQUIRE(all != nullptr);
        return std::string(all) + "/original/";
    }();
    return path;
}

codec::json_document parse(std::string const& text) {
    auto document = codec::json_document::parse(base::secret_text(text));
    REQUIRE(document.has_value());
    return *std::move(document);
}

// Calls `take` with each line of a file, parsed.
void for_each_line(std::string const& file, auto&& take) {
    std::ifstream lines(vectors() + file);
    REQUIRE(lines.is_open());
    for (std::string line; std::getline(lines, line);) {
        auto const document = parse(line);
        take(document.root());
    }
}

std::vector<left_secret> secrets() {
    std::vector<left_secret> all;
    for_each_line("secrets.jsonl", [&](codec::json_value line) {
        auto const values = line.member("values")->elements();
        std::vector<std::string_view> texts;
        for (auto const v : values) texts.push_back(v.as_string());
        left_secret s{std::string(line.member("name")->as_string()), std::string(texts.front()), std::string(line.member("delivered")->as_string())};
        if (texts.size() > 1) s.value = s.delivered;
        if (s.delivered.empty()) s.delivered = s.value;
        all.push_back(std::move(s));
    });
    REQUIRE(all.size() > 30);
    return all;
}

std::set<std::string> names_of(std::vector<left_secret> const& all) {
    std::set<std::string> names;
    for (auto const& s : all) names.insert(s.name);
    return names;
}

// Names of the files in a folder, without folders in it.
std::set<std::string> files_in(std::string const& path) {
    std::set<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(path))
        if (entry.is_regular_file()) names.insert(entry.path().filename());
    return names;
}

// A local system whose safe finds what the original left in one mode.
struct successor {
    successor(std::string const& left, test::environment_map environment)
        : local({"example", "billing", "several", "one-of-a-list", "grandfather", "never-dated", "untransformed", "markup", "App", "app", "foo.agent"},
                std::move(environment)) {
        local.stop_dev();
        std::filesystem::remove_all(local.path("data"));
        std::filesystem::create_directory(local.path("data"));
        std::filesystem::copy_file(vectors() + "root-key", local.path("root-key"), std::filesystem::copy_options::overwrite_existing);
        for_each_line(left + "-data.jsonl", [&](codec::json_value line) {
            auto const data = base::base64_decode(line.member("data")->as_string());
            REQUIRE(data.has_value());
            std::ofstream file(local.path("data/" + std::string(line.member("file")->as_string())), std::ios::binary);
            file.write(reinterpret_cast<char const*>(data->data()), static_cast<std::streamsize>(data->size()));
            REQUIRE(file.good());
        });
        before = files_in(local.path("data"));
        local.start_dev();
    }

    std::set<std::string> listed() {
        std::set<std::string> names;
        auto const list = api::parse_secret_list(base::secret_text(local.sentinel({"-l", "--output", "json"})));
        REQUIRE(list.has_value());
        for (auto const& item : list->secrets) {
            INFO(item.name);
            CHECK((item.status.empty() || item.status == "waiting"));
            CHECK(names.insert(item.name).second);
        }
        return names;
    }

    // `vsecm keygen --decrypt --name NAME WORDS…` gives that value of each.
    void opens_all(std::vector<std::string> words, std::vector<left_secret> const& wanted) {
        words.insert(words.begin(), {test::vsecm_binary(), "keygen", "--decrypt", "--root-key", local.path("root-key")});
        words.emplace_back("--name=");
        for (auto const& s : wanted) {
            words.back() = "--name=" + s.name;
            auto const shown = test::run(words, {{}, {}, local.scratch(""), "keygen"});
            INFO(s.name << ": " << shown.err);
            CHECK(shown.status == 0);
            CHECK(shown.out == s.value);
        }
    }

    void exports_all(std::vector<left_secret> const& wanted) {
        std::ofstream(local.scratch("export.json")) << local.sentinel({"-l", "-e"});
        opens_all({"--export", local.scratch("export.json")}, wanted);
    }

    void delivers_all(std::vector<left_secret> const& wanted) {
        for (auto const& s : wanted) {
            if (!std::filesystem::is_regular_file(local.path("env/" + s.name))) continue;  // not what an identity can be called
            INFO(s.name);
            CHECK(local.inspect(s.name).out == s.delivered + "\n");
        }
    }

    test::system local;
    std::set<std::string> before;
};

// Those the original took and we do not: they are served as long as they stay as they are.
bool may_be_written(std::string const& name) { return !name.starts_with("long-") && name != ".." && name != "a\tb\nc"; }

std::string mode_of(bool fips) { return fips ? "true" : "false"; }

}  // namespace

TEST_CASE("a data folder of the original is served, listed and exported, and nothing of it is touched") {
    auto const left = GENERATE(as<std::string>(), "age", "aes");
    auto const fips = GENERATE(false, true);  // the mode may have been changed in the move
    INFO(left << ", then VSECM_SAFE_FIPS_COMPLIANT=" << mode_of(fips));
    successor ours(left, {{"VSECM_SAFE_FIPS_COMPLIANT", mode_of(fips)}, {"VSECM_SAFE_ENFORCE_DATES", "true"}});
    auto const all = secrets();
    CHECK(ours.listed() == names_of(all));
    ours.delivers_all(all);
    ours.exports_all(all);
    ours.opens_all({"--data", ours.local.path("data")}, all);
    ours.before.erase("my%20app.age");  // is what we call the file of `my app`, so it was given another name
    ours.before.insert("my%2520app.age");
    CHECK(files_in(ours.local.path("data")) == ours.before);
    ours.local.kill_safe();
    CHECK(ours.listed() == names_of(all));
    ours.delivers_all(all);
}

TEST_CASE("each secret of the original's folder is rewritten in our format at its next write, and no other is lost by that") {
    auto const left = GENERATE(as<std::string>(), "age", "aes");
    successor ours(left, {{"VSECM_SAFE_FIPS_COMPLIANT", mode_of(left == "aes")}});
    auto all = secrets();
    for (auto& s : all) {
        if (!may_be_written(s.name)) continue;
        INFO(s.name);
        s.value = s.delivered = "now " + s.name;
        auto const put = ours.local.run("vsecm-sentinel", {"sentinel", "--workload=" + s.name, "--secret=" + s.value});
        INFO(put.err);
        CHECK(put.status == 0);
    }
    ours.local.kill_safe();
    CHECK(ours.listed() == names_of(all));
    ours.delivers_all(all);
    ours.exports_all(all);
    ours.opens_all({"--data", ours.local.path("data")}, all);
    for (auto const& file : files_in(ours.local.path("data"))) {
        if (!may_be_written(file.substr(0, file.size() - 4)) || file.ends_with(".backup")) continue;  // those copies go with their secret
        INFO(file);
        auto const content = test::slurp(ours.local.path("data/" + file));
        if (left == "aes") CHECK(crypto::is_aes_gcm(base::as_bytes(content)));
        if (left == "age") CHECK(crypto::looks_like_age(base::as_bytes(content)));
        CHECK(file.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@+=-%") == std::string::npos);
    }
}

TEST_CASE("a rotation brings everything of the original's folder under the new key") {
    auto const left = GENERATE(as<std::string>(), "age", "aes");
    successor ours(left, {{"VSECM_SAFE_FIPS_COMPLIANT", mode_of(left == "aes")}});
    auto const all = secrets();
    ours.local.sentinel({"--rotate-root-key"});
    REQUIRE(test::eventually(seconds{30}, [&] { return ours.local.sentinel({"status"}).contains("rotation: done"); }));
    // The new key alone: what stands behind its three lines is gone.
    auto const key = test::slurp(ours.local.path("root-key"));
    std::size_t end = 0;
    for (int line = 0; line < 3; ++line) end = key.find('\n', end) + 1;
    REQUIRE(end > 0);
    std::ofstream(ours.local.path("root-key")) << key.substr(0, end);
    ours.opens_all({"--data", ours.local.path("data")}, all);
    ours.local.kill_safe();
    CHECK(ours.listed() == names_of(all));
    ours.delivers_all(all);
}

TEST_CASE("keygen reads the original's exports, and safe the ciphertext it was asked for, in both modes") {
    auto const left = GENERATE(as<std::string>(), "age", "aes");
    successor ours(left, {{"VSECM_SAFE_FIPS_COMPLIANT", mode_of(left == "aes")}});
    ours.opens_all({"--export", vectors() + left + "-export.json"}, secrets());
    auto const put = ours.local.run("vsecm-sentinel", {"sentinel", "-w", "example", "-e", "-s", test::slurp(vectors() + left + "-registration")});
    INFO(put.err);
    CHECK(put.out == "\nOK\n\n");
    CHECK(put.err.contains("not protected against changes") == (left == "aes"));
    CHECK(ours.local.inspect("example").out == "!VSecMRocks!\n");
}
