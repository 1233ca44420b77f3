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

file_options crowded_on(base::file_layer& files, std::size_t crowd = 1) {
    auto o = options_on(files, crowd);
    o.journal_wait = std::chrono::hours(1);  // checkpoints come when a test causes them
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
    CHECK(read.num_unfinished == 0);
    CHECK(read.num_damaged == 0);
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

TEST_CASE("an unfinished end is no damage; damage costs its own block, not those after it") {
    auto const first = print_block(two_entries());
    auto const second = print_block(std::vector<journal_entry>{{"app", 4, 3, {9}}});
    auto bytes = first;
    bytes.insert(bytes.end(), second.begin(), second.end());
    for (std::size_t len = 0; len < bytes.size(); ++len) {
        INFO(len);
        auto const read = parse_journal(base::byte_view(bytes).first(len));
        CHECK(read.entries.size() == (len < first.size() ? 0 : 2));
        CHECK(read.num_unfinished == len - (len < first.size() ? 0 : first.size()));
        CHECK(read.num_damaged == 0);
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        INFO(at);
        auto changed = bytes;
        changed[at] ^= 1;
        auto const read = parse_journal(changed);
        CHECK(read.entries.size() == (at < first.size() ? 1 : 2));
        CHECK(read.num_damaged + read.num_unfinished == (at < first.size() ? first.size() : second.size()));
        if (at < first.size()) CHECK(read.num_unfinished == 0);
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
    auto store = try_open(crowded_on(files)).value();
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
    REQUIRE(try_open(options_on(files)).value()->commit_and_wait(request(put("app", "v1"))));
    {
        auto const store = try_open(crowded_on(files)).value();
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
    auto const store = try_open(crowded_on(files)).value();
    for (int i = 1; i <= 3; ++i) REQUIRE(store->commit_and_wait(request(put("app", "v" + std::to_string(i)))));
    for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything}) {
        auto const after = files.after_power_cut(kept);
        CHECK(has_journal(*after));
        auto const again = try_open(crowded_on(*after)).value();
        CHECK(shown(*again, "app") == "[v3]");
        CHECK_FALSE(has_journal(*after));
        CHECK(value_in(*after, "/data/app.age") == "v3");
        CHECK(after->names_in("/data/history") == std::vector<std::string>{"app.1.age", "app.2.age"});
        CHECK(again->find("app")->version == 3);
    }
}

TEST_CASE("a block that was never whole is dropped, without touching what is there") {
    forgetful_files files;
    REQUIRE(try_open(options_on(files)).value()->commit_and_wait(request(put("app", "v1"))));
    auto bytes = print_block(two_entries());
    bytes.pop_back();
    for (std::string_view const left : {base::as_text(bytes), std::string_view()}) {
        files.put(journal_path, left);
        auto const store = try_open(crowded_on(files)).value();
        CHECK(shown(*store, "app") == "[v1]");
        CHECK_FALSE(has_journal(files));
    }
}

TEST_CASE("a damaged block is kept for people, and those after it are used") {
    forgetful_files files;
    {
        auto const store = try_open(crowded_on(files)).value();
        for (auto const* value : {"v1", "v2"}) REQUIRE(store->commit_and_wait(request(put("app", value), put("b", value))));
        auto bytes = *files.content(journal_path);
        bytes[bytes.size() / 4] ^= 1;
        files.plan_faults([](std::size_t) { return forgetful_files::fault::refused; });
        store->stop();
        files.plan_faults(nullptr);
        files.put(journal_path, bytes);
    }
    auto const store = try_open(crowded_on(files)).value();
    CHECK(shown(*store, "app") == "[v2]");
    CHECK(shown(*store, "b") == "[v2]");
    CHECK_FALSE(has_journal(files));
    CHECK(files.names_in("/data/quarantine") == std::vector<std::string>{"journal.1"});
}

TEST_CASE("a damaged journal is kept once, however many starts its recovery takes") {
    forgetful_files files;
    auto bytes = print_block(two_entries());
    bytes[bytes.size() / 2] ^= 1;
    auto const good = print_block(std::vector<journal_entry>{
        {"app", 4, 3, test_cipher()->encrypt(base::as_bytes(std::string_view(R"({"name":"app","value":"v4","version":4})")))}});
    bytes.insert(bytes.end(), good.begin(), good.end());
    files.put(journal_path, base::as_text(bytes));
    (void)files.make_folder("/data/quarantine", 0700);
    files.put("/data/quarantine/journal.1", "of another time");
    std::size_t num_failed = 0;
    for (std::size_t cut = 0; cut < 100; ++cut) {
        files.plan_faults([first = files.num_calls() + cut](std::size_t n) {
            return n < first ? forgetful_files::fault::none : forgetful_files::fault::refused;
        });
        auto const opened = try_open(crowded_on(files));
        files.plan_faults(nullptr);
        if (opened && !has_journal(files)) break;
        ++num_failed;
    }
    CHECK(num_failed > 5);
    CHECK(files.names_in("/data/quarantine") == std::vector<std::string>{"journal.1", "journal.2"});
}

TEST_CASE("what somebody else wrote or removed since is newer than the journal") {
    forgetful_files files;
    REQUIRE(try_open(options_on(files)).value()->commit_and_wait(request(put("kept", "v1"), put("changed", "v1"), put("removed", "v1"))));
    auto const store = try_open(crowded_on(files)).value();
    REQUIRE(store->commit_and_wait(request(put("kept", "v2"), put("changed", "v2"), put("removed", "v2"))));
    auto const after = files.after_power_cut(forgetful_files::survival::nothing);
    // The original: no versions, a later date.
    auto const theirs = R"({"name":"changed","value":"theirs","valueTransformed":"theirs","meta":{"namespaces":["default"]},"updated":"2999-01-01T00:00:00Z"})";
    after->put("/data/changed.age", base::as_text(test_cipher()->encrypt(base::as_bytes(theirs))));
    REQUIRE(after->remove("/data/removed.age"));
    auto const again = try_open(crowded_on(*after)).value();
    CHECK(shown(*again, "kept") == "[v2]");
    CHECK(shown(*again, "changed") == "[theirs]");
    CHECK(shown(*again, "removed") == "absent");
    CHECK_FALSE(has_journal(*after));
}

TEST_CASE("a journal under another key stays where it is") {
    forgetful_files files;
    auto const store = try_open(crowded_on(files)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v1"))));
    auto const after = files.after_power_cut(forgetful_files::survival::nothing);
    auto const refused = try_open(crowded_on(*after), cipher_of(new_key()));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::no_match);
    CHECK(shown(*try_open(crowded_on(*after)).value(), "app") == "[v1]");
}

TEST_CASE("a journal that takes no more takes the failed write back, and nothing else has to change") {
    forgetful_files files;
    auto const store = try_open(crowded_on(files)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v1"))));
    for (auto const kind : {forgetful_files::fault::refused, forgetful_files::fault::done_badly}) {
        auto const next = files.num_calls();
        files.plan_faults([&](std::size_t n) { return n == next ? kind : forgetful_files::fault::none; });
        auto const refused = store->commit_and_wait(request(put("app", "lost"), put("new", "lost")));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == errc::storage);
        CHECK_FALSE(store->health().unsettled);
        CHECK(store->written().num_failed == (kind == forgetful_files::fault::refused ? 1 : 2));
        CHECK(store->written().num_done == 1);
        CHECK(files.calls().back() == "shorten " + journal_path);
        files.plan_faults(nullptr);
        auto const after = files.after_power_cut(forgetful_files::survival::everything);
        CHECK(shown(*try_open(crowded_on(*after)).value(), "app") == "[v1]");
    }
    REQUIRE(store->commit_and_wait(request(put("app", "v2"))));
    CHECK(store->find("app")->version == 2);
    CHECK_FALSE(store->find("new"));
}

TEST_CASE("what has waited long enough becomes files without being asked") {
    forgetful_files files;
    auto options = crowded_on(files);
    options.journal_wait = std::chrono::milliseconds(20);
    auto const store = try_open(std::move(options)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v1"))));
    auto const ends = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (has_journal(files) && std::chrono::steady_clock::now() < ends) std::this_thread::yield();
    CHECK_FALSE(has_journal(files));
    CHECK(value_in(files, "/data/app.age") == "v1");
}

TEST_CASE("a batch that is too much for the journal goes the long way") {
    forgetful_files files;
    auto const store = try_open(crowded_on(files, 4)).value();
    std::string const large(max_block_len / 4, 'x');
    REQUIRE(store->commit_and_wait(request(put("a", large), put("b", large), put("c", large), put("d", "small"))));
    CHECK_FALSE(has_journal(files));
    CHECK(value_in(files, "/data/d.age") == "small");
}

TEST_CASE("the power fails while a journal is recovered: the next start does the rest") {
    forgetful_files files;
    REQUIRE(try_open(options_on(files)).value()->commit_and_wait(request(put("app", "v1"))));
    auto const store = try_open(crowded_on(files)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v2"), put("b", "w1"))));
    REQUIRE(store->commit_and_wait(request(put("app", "v3"))));
    for (auto const kind : {forgetful_files::fault::refused, forgetful_files::fault::done_badly}) {
        for (std::size_t cut = 0; cut < 24; ++cut) {
            for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything, forgetful_files::survival::some}) {
                auto const first = files.after_power_cut(forgetful_files::survival::everything);
                first->plan_faults([&](std::size_t n) {
                    return n < cut ? forgetful_files::fault::none : n == cut ? kind : forgetful_files::fault::refused;
                });
                (void)try_open(crowded_on(*first));
                auto const second = first->after_power_cut(kept, static_cast<unsigned>(cut));
                INFO("cut at call " << cut << " of the recovery, kept=" << static_cast<int>(kept));
                auto const again = try_open(crowded_on(*second)).value();
                CHECK(shown(*again, "app") == "[v3]");
                CHECK(shown(*again, "b") == "[w1]");
                CHECK_FALSE(has_journal(*second));
                CHECK(value_in(*second, "/data/history/app.2.age") == "v2");
                // The first may be lost with the link to it, but never is another in its place.
                auto const earliest = value_in(*second, "/data/history/app.1.age");
                CHECK((earliest == "v1" || earliest == "no file"));
            }
        }
    }
}

TEST_CASE("while no file can be made of them, records stay in the journal and writes go on") {
    forgetful_files files;
    auto const store = try_open(crowded_on(files)).value();
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
            auto const again = try_open(crowded_on(*after)).value();
            CHECK(shown(*again, "app") == "[w" + std::to_string(step) + "]");
            CHECK(shown(*again, "old") == "[x]");
        }
    }
    REQUIRE(store->commit_and_wait(request(removal("old"))));
    CHECK_FALSE(has_journal(files));
    CHECK(value_in(files, "/data/app.age") == "w7");  // version 9
    CHECK(files.names_in("/data/history") == std::vector<std::string>{"app.6.age", "app.7.age", "app.8.age", "old.1.age"});
    for (int i = 4; i <= 6; ++i) CHECK(value_in(files, "/data/history/app." + std::to_string(i + 2) + ".age") == "w" + std::to_string(i));
}

TEST_CASE("a deletion does not leave its secret in a journal") {
    forgetful_files files;
    auto const store = try_open(crowded_on(files)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v1"))));
    REQUIRE(store->commit_and_wait(request(put("app", "v2"))));
    REQUIRE(store->commit_and_wait(request(removal("app"))));
    CHECK_FALSE(has_journal(files));
    CHECK_FALSE(files.content("/data/app.age"));
    CHECK(files.names_in("/data/history") == std::vector<std::string>{"app.1.age", "app.2.age"});
    auto const again = try_open(crowded_on(*files.after_power_cut(forgetful_files::survival::nothing)));
    CHECK(shown(**again, "app") == "deleted");
}

TEST_CASE("a crowd shares its syncs; a lone writer makes a plain file") {
    forgetful_files files;
    auto const store = try_open(crowded_on(files, 4)).value();
    REQUIRE(store->commit_and_wait(request(put("lone", "x"))));
    CHECK(value_in(files, "/data/lone.age") == "x");
    auto const before = files.num_calls();
    REQUIRE(store->commit_and_wait(request(put("a", "1"), put("b", "2"), put("c", "3"), put("d", "4"))));
    CHECK(files.num_calls() - before == 2);  // one file, one folder
    REQUIRE(store->commit_and_wait(request(put("a", "2"))));
    CHECK(files.num_calls() - before == 3);  // the file again
}
