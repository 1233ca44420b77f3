// The crowd's journal: its bytes, its way into files, and what a restart makes of it. Its crashes are in crash_test.cpp.
#include "fakes/forgetful_files.hpp"
#include "store/file_name.hpp"
#include "store/journal_format.hpp"
#include "store/record_format.hpp"
#include "unit/store/fixture.hpp"

using namespace vsecm;
using namespace vsecm::store;
using namespace vsecm::store::testing;
using base::errc;
using fakes::forgetful_files;

namespace {

file_options options_on(forgetful_files& files, std::size_t crowd = 1) {
    file_options o;
    o.path = "/data";
    o.files = &files;
    o.lock = false;
    o.num_threads = 1;
    o.crowd = crowd;
    return o;
}

std::string const journal_path = "/data/" + std::string(journal_file);

bool has_journal(forgetful_files const& files) { return files.content(journal_path).has_value(); }

std::string value_in(forgetful_files const& files, std::string const& path) {
    auto const sealed = files.content(path);
    if (!sealed) return "no file";
    auto const plain = test_cipher()->decrypt(base::as_bytes(*sealed));
    if (!plain) return plain.error().what;
    auto const record = decode_record(base::secret_text(plain->view()));
    return record ? std::string(record->values.front().view()) : record.error().what;
}

std::vector<journal_entry> two_entries() {
    return {{"app", 3, 2, {1, 2, 3}}, {"M%C3%BCller", 1, 0, std::vector<std::uint8_t>(300, '\n')}};
}

}  // namespace

TEST_CASE("a journal reads back as it was written, block after block") {
    auto bytes = print_block(two_entries());
    auto const more = print_block(std::vector<journal_entry>{{"app", 4, 3, {9}}});
    bytes.insert(bytes.end(), more.begin(), more.end());
    auto const read = parse_journal(bytes);
    CHECK(read.num_dropped == 0);
    REQUIRE(read.entries.size() == 3);
    CHECK(read.entries[0].stem == "app");
    CHECK(read.entries[0].version == 3);
    CHECK(read.entries[0].replaces == 2);
    CHECK(read.entries[0].sealed == std::vector<std::uint8_t>{1, 2, 3});
    CHECK(read.entries[1].stem == "M%C3%BCller");
    CHECK(read.entries[1].sealed.size() == 300);
    CHECK(read.entries[2].version == 4);
    CHECK(parse_journal({}).entries.empty());
}

TEST_CASE("of a journal that is cut short or changed, only whole blocks count") {
    auto const first = print_block(two_entries());
    auto bytes = first;
    auto const more = print_block(std::vector<journal_entry>{{"app", 4, 3, {9}}});
    bytes.insert(bytes.end(), more.begin(), more.end());
    for (std::size_t len = 0; len < bytes.size(); ++len) {
        auto const read = parse_journal(base::byte_view(bytes).first(len));
        CHECK(read.entries.size() == (len < first.size() ? 0 : 2));
        CHECK(read.num_dropped == len - (len < first.size() ? 0 : first.size()));
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto changed = bytes;
        changed[at] ^= 1;
        CHECK(parse_journal(changed).entries.size() == (at < first.size() ? 0 : 2));
    }
}

TEST_CASE("Q19: no journal leads out of the folder") {
    for (std::string const stem : {"../x", "a/b", "", ".", ".hidden", "%2e", "x%2Fy"}) {
        std::vector<journal_entry> const entries{{stem, 1, 0, {1}}};
        INFO(stem);
        // A name with a slash, as we encode it, is still a plain file.
        CHECK(parse_journal(print_block(entries)).entries.size() == (stem == "x%2Fy" ? 1 : 0));
    }
}

TEST_CASE("a crowd's writes are in the journal, then in files, with their earlier versions") {
    forgetful_files files;
    auto store = try_open(options_on(files)).value();
    for (int i = 1; i <= 6; ++i) REQUIRE(store->commit_and_wait(request(put("app", "v" + std::to_string(i)), put("b" + std::to_string(i), "x"))));
    CHECK(shown(*store, "app") == "[v6]");
    CHECK(has_journal(files));
    CHECK_FALSE(files.content("/data/app.age"));
    store->stop();
    CHECK_FALSE(has_journal(files));
    CHECK(value_in(files, "/data/app.age") == "v6");
    CHECK(files.names_in("/data/history") == std::vector<std::string>{"app.3.age", "app.4.age", "app.5.age"});
    for (int i = 3; i <= 5; ++i) CHECK(value_in(files, "/data/history/app." + std::to_string(i) + ".age") == "v" + std::to_string(i));
    for (auto const& name : files.names_in("/data")) CHECK_FALSE(name.starts_with(temporary_prefix));
}

TEST_CASE("what the file had is an earlier version too, as long as there is room for it") {
    forgetful_files files;
    REQUIRE(try_open(options_on(files, 0)).value()->commit_and_wait(request(put("app", "v1"))));
    {
        auto const store = try_open(options_on(files)).value();
        REQUIRE(store->commit_and_wait(request(put("app", "v2"))));
        REQUIRE(store->commit_and_wait(request(put("app", "v3"))));
    }
    CHECK(files.names_in("/data/history") == std::vector<std::string>{"app.1.age", "app.2.age"});
    CHECK(value_in(files, "/data/history/app.1.age") == "v1");
    CHECK(value_in(files, "/data/history/app.2.age") == "v2");
    CHECK(value_in(files, "/data/app.age") == "v3");
}

TEST_CASE("a restart finds what was only in journals, and makes files of it") {
    forgetful_files files;
    auto const store = try_open(options_on(files)).value();
    for (int i = 1; i <= 3; ++i) REQUIRE(store->commit_and_wait(request(put("app", "v" + std::to_string(i)))));
    for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything}) {
        auto const after = files.after_power_cut(kept);
        CHECK(has_journal(*after));
        auto const again = try_open(options_on(*after)).value();
        CHECK(shown(*again, "app") == "[v3]");
        CHECK_FALSE(has_journal(*after));
        CHECK(value_in(*after, "/data/app.age") == "v3");
        CHECK(after->names_in("/data/history") == std::vector<std::string>{"app.1.age", "app.2.age"});
        CHECK(again->find("app")->version == 3);
    }
}

TEST_CASE("a block that was never whole is dropped, without touching what is there") {
    forgetful_files files;
    REQUIRE(try_open(options_on(files, 0)).value()->commit_and_wait(request(put("app", "v1"))));
    auto bytes = print_block(two_entries());
    bytes.pop_back();
    for (std::string_view const left : {base::as_text(bytes), std::string_view()}) {
        files.put(journal_path, left);
        auto const store = try_open(options_on(files)).value();
        CHECK(shown(*store, "app") == "[v1]");
        CHECK_FALSE(has_journal(files));
    }
}

TEST_CASE("while no file can be made of them, records stay in the journal and writes go on") {
    forgetful_files files;
    auto const store = try_open(options_on(files)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v1"), put("old", "x"))));
    for (std::size_t step = 0; step < 8; ++step) {
        auto const first = files.num_calls();
        files.plan_faults([&](std::size_t n) { return n >= first + step ? forgetful_files::fault::refused : forgetful_files::fault::none; });
        INFO(step);
        CHECK(store->commit_and_wait(request(removal("old"))).error().code == errc::storage);  // needs files first
        files.plan_faults(nullptr);
        REQUIRE(store->commit_and_wait(request(put("app", "w" + std::to_string(step)))));
        CHECK(shown(*store, "old") == "[x]");
        for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything}) {
            auto const after = files.after_power_cut(kept);
            auto const again = try_open(options_on(*after)).value();
            CHECK(shown(*again, "app") == "[w" + std::to_string(step) + "]");
            CHECK(shown(*again, "old") == "[x]");
        }
    }
    REQUIRE(store->commit_and_wait(request(removal("old"))));
    CHECK_FALSE(has_journal(files));
    CHECK(value_in(files, "/data/app.age") == "w7");  // version 9
    CHECK(files.names_in("/data/history") == std::vector<std::string>{"app.6.age", "app.7.age", "app.8.age"});
    for (int i = 4; i <= 6; ++i) CHECK(value_in(files, "/data/history/app." + std::to_string(i + 2) + ".age") == "w" + std::to_string(i));
}

TEST_CASE("a deletion does not leave its secret in a journal") {
    forgetful_files files;
    auto const store = try_open(options_on(files)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v1"))));
    REQUIRE(store->commit_and_wait(request(put("app", "v2"))));
    REQUIRE(store->commit_and_wait(request(removal("app"))));
    CHECK_FALSE(has_journal(files));
    CHECK_FALSE(files.content("/data/app.age"));
    CHECK(files.names_in("/data/history").empty());
    auto const again = try_open(options_on(*files.after_power_cut(forgetful_files::survival::nothing)));
    CHECK(shown(**again, "app") == "deleted");
}

TEST_CASE("a crowd shares its syncs; a lone writer makes a plain file") {
    forgetful_files files;
    auto const store = try_open(options_on(files, 4)).value();
    REQUIRE(store->commit_and_wait(request(put("lone", "x"))));
    CHECK(value_in(files, "/data/lone.age") == "x");
    auto const before = files.num_calls();
    REQUIRE(store->commit_and_wait(request(put("a", "1"), put("b", "2"), put("c", "3"), put("d", "4"))));
    CHECK(files.num_calls() - before == 2);  // one file, one folder
    REQUIRE(store->commit_and_wait(request(put("a", "2"))));
    CHECK(files.num_calls() - before == 3);  // the file again
}
