// The data folder on a real file system: ours, the original's, and what people do to them.
#include "store/batch_manifest.hpp"
#include "store/file_name.hpp"
#include "unit/store/by_hand.hpp"

#include "crypto/hkdf.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <sys/stat.h>

using namespace vsecm;
using namespace vsecm::store;
using namespace vsecm::store::testing;
using base::errc;

TEST_CASE("Q19: any storable name survives a restart and stays inside the folder") {
    temporary_folder dir;
    std::string const data = dir.path + "/data";
    std::vector<std::string> const names = {"foo", "foo.agent", "foo.age", "k8s:db", "raw:x", "a b", "\xc3\xbc", ".hidden", "..", "a/b",
                                            "../../etc/passwd", "%41", "a%2Fb", "-x", std::string(200, 'n'), std::string(66, '/')};
    {
        auto store = open_folder(data);
        for (auto const& n : names) REQUIRE(store->commit_and_wait(request(put(n, "value of " + n))));
        CHECK(store->commit_and_wait(request(put("", "v"))).error().code == errc::invalid);
        CHECK(store->commit_and_wait(request(put(std::string("a\0b", 3), "v"))).error().code == errc::invalid);
        CHECK(store->commit_and_wait(request(put(std::string(201, 'n'), "v"))).error().code == errc::invalid);
        CHECK(store->commit_and_wait(request(put(std::string(67, '/'), "v"))).error().code == errc::invalid);
    }
    CHECK(names_in(data).size() == names.size());
    CHECK(names_in(dir.path).empty());
    auto store = open_folder(data);
    for (auto const& n : names) CHECK(shown(*store, n) == "[value of " + n + "]");
    CHECK(store->loaded().num_present == names.size());
    CHECK(store->loaded().warnings.empty());
}

TEST_CASE("Q1: a secret deleted after a restart is deleted, on the disk too") {
    temporary_folder dir;
    { REQUIRE(open_folder(dir.path)->commit_and_wait(request(put("app", "v")))); }
    {
        auto store = open_folder(dir.path);
        CHECK(store->commit_and_wait(request(removal("app"))).value().at(0).existed);
        CHECK(shown(*store, "app") == "deleted");
    }
    CHECK(names_in(dir.path).empty());
    CHECK(shown(*open_folder(dir.path), "app") == "deleted");
}

TEST_CASE("Q3: put, delete and put again in quick succession keep their order") {
    temporary_folder dir;
    {
        auto store = open_folder(dir.path);
        for (int i = 0; i < 20; ++i) {
            store->submit(request(put("app", "v")), [](auto) {});
            store->submit(request(removal("app")), [](auto) {});
        }
        store->submit(request(put("app", "last")), [](auto) {});
        store->submit(request(put("gone", "v")), [](auto) {});
        store->submit(request(removal("gone")), [](auto) {});
        store->stop();  // Q31: what waits is finished
    }
    auto store = open_folder(dir.path);
    CHECK(shown(*store, "app") == "[last]");
    CHECK(shown(*store, "gone") == "deleted");
    CHECK(store->find("app")->version == 41);
}

TEST_CASE("Q31: stopping finishes what was accepted and refuses the rest") {
    temporary_folder dir;
    auto store = open_folder(dir.path);
    std::atomic<int> num_good = 0;
    for (int i = 0; i < 100; ++i)
        store->submit(request(put("s" + std::to_string(i), "v")), [&](auto outcome) { num_good += outcome.has_value(); });
    store->stop();
    CHECK(num_good == 100);
    CHECK(store->commit_and_wait(request(put("late", "v"))).error().code == errc::unavailable);
    store.reset();
    CHECK(open_folder(dir.path)->num_present() == 100);
}

TEST_CASE("Q42: of a deleted secret stays what can undo it, and nothing where no versions are kept; never a copy of the original's") {
    std::size_t const kept = GENERATE(3U, 0U);
    temporary_folder dir;
    file_options options;
    options.path = dir.path;
    options.history = kept;
    put_original(dir.path, "app.age", original_record("app", "one"));
    put_original(dir.path, "app-1-.age.backup", original_record("app", "one"));
    put_original(dir.path, "app-2-.age.backup", original_record("app", "one"));
    put_original(dir.path, "other-2-.age.backup", original_record("other", "one"));
    auto store = try_open(options).value();
    REQUIRE(store->commit_and_wait(request(put("app", "two"))));
    REQUIRE(store->commit_and_wait(request(put("app", "three"))));
    CHECK(names_in(dir.path + "/history").size() == std::min<std::size_t>(kept, 2));
    REQUIRE(store->commit_and_wait(request(removal("app"))));
    CHECK(names_in(dir.path) == std::vector<std::string>{"other-2-.age.backup"});
    CHECK(names_in(dir.path + "/history").size() == kept);
    CHECK(names_in(dir.path + "/deleted") == std::vector<std::string>{"app.age"});
    auto const tombstone = test_cipher()->decrypt(base::as_bytes(read_all(dir.path + "/deleted/app.age"))).value();
    CHECK(tombstone.view().find("three") == std::string_view::npos);
}

TEST_CASE("earlier versions are kept, as many as asked for, and hold the earlier values") {
    temporary_folder dir;
    auto const options = [&](std::size_t history) {
        file_options o;
        o.path = dir.path;
        o.history = history;
        return o;
    };
    {
        auto store = try_open(options(2)).value();
        for (char const* v : {"v1", "v2", "v3", "v4", "v5"}) REQUIRE(store->commit_and_wait(request(put("app", v))));
    }
    CHECK(names_in(dir.path + "/history") == std::vector<std::string>{"app.3.age", "app.4.age"});
    auto const old = test_cipher()->decrypt(base::as_bytes(read_all(dir.path + "/history/app.4.age"))).value();
    CHECK(old.view().find("\"v4\"") != std::string_view::npos);
    {
        auto store = try_open(options(2)).value();  // and over a restart
        REQUIRE(store->commit_and_wait(request(put("app", "v6"))));
    }
    CHECK(names_in(dir.path + "/history") == std::vector<std::string>{"app.4.age", "app.5.age"});
    auto store = try_open(options(0)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v7"))));
    store->stop();  // what is beyond the limit goes once the write is answered
    CHECK(names_in(dir.path + "/history").empty());
}

TEST_CASE("Q64: what a restart must not change: creation date, version, ETag") {
    temporary_folder dir;
    std::string tag;
    base::system_time created;
    {
        auto store = open_folder(dir.path);
        REQUIRE(store->commit_and_wait(request(put("app", "v1"))));
        REQUIRE(store->commit_and_wait(request(put("app", "v2"))));
        tag = store->etag("app", store->find("app"), visibility::present);
        created = store->find("app")->created;
    }
    auto store = open_folder(dir.path);
    CHECK(store->etag("app", store->find("app"), visibility::present) == tag);
    CHECK(store->find("app")->version == 2);
    REQUIRE(store->commit_and_wait(request(put("app", "v3"))));
    CHECK(store->find("app")->created == created);
    CHECK(store->etag("app", store->find("app"), visibility::present) != tag);
    // The same bytes again, but later: another tag. And versions outlive deletion.
    REQUIRE(store->commit_and_wait(request(put("app", "v2"))));
    CHECK(store->etag("app", store->find("app"), visibility::present) != tag);
    REQUIRE(store->commit_and_wait(request(removal("app"))));
    store.reset();
    store = open_folder(dir.path);
    CHECK(store->commit_and_wait(request(put("app", "v"))).value().at(0).version == 6);
}

TEST_CASE("Q6 Q19: a data folder of the original is served as it is, and rewritten name by name") {
    temporary_folder dir;
    put_original(dir.path, "app.age", original_record("app", "v"));
    put_original(dir.path, "app-1-.age.backup", original_record("app", "never looked at"));
    put_original(dir.path, "foo.agent.age", original_record("foo.agent", "v"));
    put_original(dir.path, "k8s:db.age", original_record("k8s:db", "v"));
    put_original(dir.path, "my app.age", original_record("my app", "v"));
    put_original(dir.path, "old.age", R"({"name":"old","values":["b","a"],"valuesTransformed":"","meta":{}})");
    {
        auto store = open_folder(dir.path);
        CHECK(store->adopted());
        CHECK(store->loaded().num_present == 5);
        CHECK(store->loaded().warnings.empty());
        CHECK(shown(*store, "my app") == "[v]");
        CHECK(shown(*store, "old") == R"([["b","a"]])");
        CHECK(shown(*store, "foo.agent") == "[v]");
        CHECK(store->find("app")->created == base::parse_rfc3339("2024-01-01T00:00:00Z").value());
        CHECK(names_in(dir.path).size() == 6);  // nothing was touched
        REQUIRE(store->commit_and_wait(request(put("my app", "w"), append("old", "c"))));
        REQUIRE(store->commit_and_wait(request(removal("k8s:db"))));
    }
    CHECK(names_in(dir.path) ==
          std::vector<std::string>{"app-1-.age.backup", "app.age", "foo.agent.age", "my%20app.age", "old.age"});
    auto store = open_folder(dir.path);
    CHECK(store->adopted());
    CHECK(shown(*store, "my app") == "[w]");
    CHECK(shown(*store, "old") == R"([["c","b","a"]])");
    CHECK(shown(*store, "k8s:db") == "deleted");
    CHECK_FALSE(open_folder(dir.path + "/fresh")->adopted());
}

TEST_CASE("the original's names with percent signs are each kept, though each is called as ours of another") {
    std::vector<std::string> const names{"my app", "my%20app", "my%2520app", "my%252520app"};
    temporary_folder dir;
    for (auto const& name : names) put_original(dir.path, name + ".age", original_record(name, name));
    for (int start = 1; start <= 2; ++start) {
        auto const store = open_folder(dir.path);
        CHECK(store->loaded().warnings.empty());
        for (auto const& name : names) CHECK(shown(*store, name) == "[" + name + "]");
        REQUIRE(store->commit_and_wait(request(put("my app", "my app"))));
    }
}

TEST_CASE("of two files of a name with percent signs the older goes, and nothing that is another's") {
    bool const theirs_is_newer = GENERATE(true, false);
    temporary_folder dir;
    put_original(dir.path, "my%20app.age", original_record("my%20app", "theirs", theirs_is_newer ? "2999-01-01T00:00:00Z" : "2001-01-01T00:00:00Z"));
    put_original(dir.path, "my%2520app.age", original_record("my%20app", "renamed"));
    put_original(dir.path, "my%252520app.age", original_record("my%252520app", "another's"));
    auto const store = open_folder(dir.path);
    CHECK(shown(*store, "my%20app") == (theirs_is_newer ? "[theirs]" : "[renamed]"));
    CHECK(shown(*store, "my%252520app") == "[another's]");
    CHECK(names_in(dir.path) == std::vector<std::string>{"my%2520app.age", "my%25252520app.age"});
}

TEST_CASE("a file of the original that cannot be renamed is not written over by another") {
    struct stuck_files final : passing_on {
        std::string stuck;
        base::status rename(std::string const& from, std::string const& to) override {
            return from == stuck ? base::fail(errc::storage, "stuck") : real.rename(from, to);
        }
    };
    temporary_folder dir;
    for (std::string const name : {"my%20app", "my%2520app"}) put_original(dir.path, name + ".age", original_record(name, name));
    stuck_files files;
    files.stuck = dir.path + "/my%2520app.age";
    file_options options;
    options.path = dir.path;
    options.files = &files;
    for (int start = 1; start <= 2; ++start) {
        auto const store = try_open(options, test_cipher()).value();
        CHECK(store->loaded().warnings.size() == (start == 1 ? 1U : 0U));
        CHECK(shown(*store, "my%20app") == "[my%20app]");
        CHECK(shown(*store, "my%2520app") == "[my%2520app]");
        files.stuck.clear();
    }
    CHECK(names_in(dir.path) == std::vector<std::string>{"my%2520app.age", "my%252520app.age"});
}

TEST_CASE("the original may run in between: the newer of two records counts, by version or by date") {
    temporary_folder dir;
    {
        auto store = open_folder(dir.path);
        REQUIRE(store->commit_and_wait(request(put("gone", "v"), put("my app", "ours"), put("app", "v"))));
        REQUIRE(store->commit_and_wait(request(removal("gone"))));
    }
    put_original(dir.path, "gone.age", original_record("gone", "came back", "2999-01-01T00:00:00Z"));
    put_original(dir.path, "my app.age", original_record("my app", "theirs", "2999-01-01T00:00:00Z"));
    {
        auto store = open_folder(dir.path);
        CHECK(shown(*store, "gone") == "[came back]");
        CHECK(store->find("gone")->version == 3);
        CHECK(shown(*store, "my app") == "[theirs]");
        REQUIRE(store->commit_and_wait(request(put("my app", "ours again"))));
        REQUIRE(store->commit_and_wait(request(removal("gone"))));
    }
    // An old copy somebody restored does not undo a deletion.
    put_original(dir.path, "gone.age", original_record("gone", "old copy", "2001-01-01T00:00:00Z"));
    auto store = open_folder(dir.path);
    CHECK(shown(*store, "gone") == "deleted");
    CHECK(shown(*store, "my app") == "[ours again]");
    CHECK(names_in(dir.path) == std::vector<std::string>{"app.age", "my%20app.age"});
}

TEST_CASE("a record that a start could not remove does not come back when its deletion is forgotten") {
    struct stuck_files final : passing_on {
        std::string stuck;
        base::status refused() const { return base::fail(errc::storage, "{}: stuck", stuck); }
        base::status rename(std::string const& from, std::string const& to) override { return from == stuck ? refused() : real.rename(from, to); }
        base::status remove(std::string const& path) override { return path == stuck ? refused() : real.remove(path); }
    };
    auto const name = GENERATE(as<std::string>(), "app", "my app");
    temporary_folder dir;
    {
        auto const store = open_folder(dir.path);
        REQUIRE(store->commit_and_wait(request(put(name, "v"))));
        REQUIRE(store->commit_and_wait(request(removal(name))));
    }
    put_original(dir.path, name + ".age", original_record(name, "old copy", "2001-01-01T00:00:00Z"));
    stuck_files files;
    files.stuck = dir.path + "/" + name + ".age";
    file_options options;
    options.path = dir.path;
    options.files = &files;
    store_options few;
    few.max_tombstones = 1;
    {
        auto const store = try_open(options, test_cipher(), few).value();
        CHECK(shown(*store, name) == "deleted");
        auto const other = [&](std::string const& one) {
            REQUIRE(store->commit_and_wait(request(put(one, "v"))));
            REQUIRE(store->commit_and_wait(request(removal(one))));
        };
        other("second");
        CHECK(shown(*store, name) == "deleted");  // what cannot be removed is not forgotten
        (void)store->versions_and_wait(name);  // the writer may still be trying
        files.stuck.clear();
        other("third");
        (void)store->versions_and_wait(name);  // is answered behind what the writer does once it has answered a write
        CHECK(shown(*store, name) == "absent");
    }
    CHECK(names_in(dir.path).empty());
    CHECK(shown(*open_folder(dir.path), name) == "absent");
}

TEST_CASE("Q67 Q34: a damaged record is put aside, reserved and reported, until somebody writes or deletes it") {
    temporary_folder dir;
    {
        auto store = open_folder(dir.path);
        REQUIRE(store->commit_and_wait(request(put("app", "v"), put("other", "v"), put("good", "v"))));
    }
    auto const whole = read_all(dir.path + "/app.age");
    write_file(dir.path + "/app.age", whole.substr(0, whole.size() - 5));
    write_file(dir.path + "/other.age", "");
    write_file(dir.path + "/moved.age", read_all(dir.path + "/good.age"));  // a record that is not this file's
    for (int restart = 0; restart < 2; ++restart) {
        auto store = open_folder(dir.path);
        CHECK(store->loaded().num_damaged == 3);
        CHECK(store->loaded().warnings.size() == 3);
        CHECK(shown(*store, "app") == "damaged");
        CHECK(shown(*store, "other") == "damaged");
        CHECK(shown(*store, "moved") == "damaged");
        CHECK(shown(*store, "good") == "[v]");
        CHECK(store->list().size() == 4);
        CHECK(names_in(dir.path) == std::vector<std::string>{"good.age"});
        CHECK(names_in(dir.path + "/quarantine") == std::vector<std::string>{"app.1.age", "moved.1.age", "other.1.age"});
        CHECK(read_all(dir.path + "/quarantine/app.1.age") == whole.substr(0, whole.size() - 5));
    }
    {
        auto store = open_folder(dir.path);
        REQUIRE(store->commit_and_wait(request(put("app", "written again"), removal("other"))));
    }
    auto store = open_folder(dir.path);
    CHECK(shown(*store, "app") == "[written again]");
    CHECK(shown(*store, "other") == "deleted");
    CHECK(names_in(dir.path + "/quarantine") == std::vector<std::string>{"app.1.age", "moved.1.age"});
}

TEST_CASE("a record of another key stays where it is, reserved, and is kept when it is written over") {
    temporary_folder dir;
    auto const foreign = cipher_of(new_key());
    { REQUIRE(open_folder(dir.path)->commit_and_wait(request(put("good", "v")))); }
    put_original(dir.path, "theirs.age", original_record("theirs", "v"), foreign);
    auto const bytes = read_all(dir.path + "/theirs.age");
    {
        auto store = open_folder(dir.path);
        CHECK(shown(*store, "theirs") == "damaged");
        CHECK(names_in(dir.path) == std::vector<std::string>{"good.age", "theirs.age"});
        REQUIRE(store->commit_and_wait(request(put("theirs", "ours now"))));
    }
    CHECK(read_all(dir.path + "/quarantine/theirs.1.age") == bytes);
    CHECK(shown(*open_folder(dir.path), "theirs") == "[ours now]");
}

TEST_CASE("records, and no key that opens any: refused, saying which key there is and which was used") {
    temporary_folder dir;
    auto const first = cipher_of(new_key());
    { REQUIRE(open_folder(dir.path, first)->commit_and_wait(request(put("app", "v")))); }
    auto const second = cipher_of(new_key());
    file_options options;
    options.path = dir.path;
    auto const refused = try_open(options, second);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::no_match);
    CHECK(refused.error().what.find(first->key()->id()) != std::string::npos);
    CHECK(refused.error().what.find(second->key()->id()) != std::string::npos);
    CHECK(shown(*open_folder(dir.path, first), "app") == "[v]");  // nothing was touched
}

TEST_CASE("a replaced root key still opens what it wrote") {
    temporary_folder dir;
    auto const old_key = new_key();
    { REQUIRE(open_folder(dir.path, cipher_of(old_key))->commit_and_wait(request(put("app", "v"), put("more", "v")))); }
    auto const fresh = new_key();
    auto text = fresh->print();
    text.append("\n");
    auto const printed = old_key->print();
    text.append(printed.view().substr(0, printed.view().find('\n')));
    auto const both = std::make_shared<crypto::root_key const>(crypto::root_key::parse(text.view()).value());
    {
        auto store = open_folder(dir.path, cipher_of(both));
        CHECK(shown(*store, "app") == "[v]");
        REQUIRE(store->commit_and_wait(request(put("app", "w"))));
    }
    CHECK(shown(*open_folder(dir.path, cipher_of(fresh)), "app") == "[w]");
}

TEST_CASE("Q13: the original's unauthenticated AES files are read if they name themselves, and replaced at the next write") {
    temporary_folder dir;
    auto const key = new_key();
    auto const cipher = cipher_of(key, crypto::cipher_mode::aes);
    write_file(dir.path + "/app.age", original_aes(*key, original_record("app", "v")));
    write_file(dir.path + "/moved.age", original_aes(*key, original_record("app", "v")));
    {
        auto store = open_folder(dir.path, cipher);
        CHECK(shown(*store, "app") == "[v]");
        CHECK(shown(*store, "moved") == "damaged");
        REQUIRE(store->commit_and_wait(request(put("app", "w"))));
    }
    CHECK(cipher->decrypt(base::as_bytes(read_all(dir.path + "/app.age"))).has_value());
    file_options options;
    options.path = dir.path;
    std::filesystem::remove(dir.path + "/app.age");
    CHECK(try_open(options, cipher).error().code == errc::no_match);  // nothing left that opens
}

TEST_CASE("AES mode: ours is read and written; the original's CFB is read if it names its own file") {
    temporary_folder dir;
    auto const key = new_key();
    auto const aes = cipher_of(key, crypto::cipher_mode::aes);
    auto const age = cipher_of(key, crypto::cipher_mode::age);
    { REQUIRE(open_folder(dir.path, aes)->commit_and_wait(request(put("app", "v")))); }
    { REQUIRE(open_folder(dir.path, age)->commit_and_wait(request(put("more", "w")))); }  // a store may hold both
    auto store = open_folder(dir.path, aes);
    CHECK(shown(*store, "app") == "[v]");
    CHECK(shown(*store, "more") == "[w]");
    store.reset();
    write_file(dir.path + "/noise.age", "not anything that was ever encrypted, just some bytes");
    store = open_folder(dir.path, aes);
    CHECK(shown(*store, "noise") == "damaged");
    CHECK(names_in(dir.path) == std::vector<std::string>{"app.age", "more.age", "noise.age"});
    store.reset();
    // A container of ours that was changed is put aside; one of a format to come is not ours to judge.
    auto bytes = read_all(dir.path + "/app.age");
    bytes.back() ^= 1;
    write_file(dir.path + "/app.age", bytes);
    bytes[7] = 2;
    write_file(dir.path + "/later.age", bytes);
    store = open_folder(dir.path, aes);
    CHECK(shown(*store, "app") == "damaged");
    CHECK(shown(*store, "later") == "damaged");
    CHECK(names_in(dir.path) == std::vector<std::string>{"later.age", "more.age", "noise.age"});
    CHECK(names_in(dir.path + "/quarantine").size() == 1);
}

TEST_CASE("Q63: a second server on the folder is refused, and let in when the first has gone") {
    temporary_folder dir;
    file_options options;
    options.path = dir.path;
    options.lock_wait = std::chrono::milliseconds(60);
    auto first = try_open(options).value();
    auto const second = try_open(options);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == errc::conflict);
    first.reset();
    CHECK(try_open(options).has_value());
}

TEST_CASE("a folder that cannot be used is a clear error at start") {
    temporary_folder dir;
    write_file(dir.path + "/file", "x");
    file_options options;
    options.path = dir.path + "/file/data";
    auto const refused = try_open(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::storage);
    CHECK(refused.error().what.find(options.path) != std::string::npos);
}

TEST_CASE("everything written is for the owner alone") {
    temporary_folder dir;
    auto const data = dir.path + "/deep/er/data/";
    auto store = open_folder(data);
    REQUIRE(store->commit_and_wait(request(put("app", "v"))));
    REQUIRE(store->commit_and_wait(request(put("app", "w"), put("b", "v"))));
    REQUIRE(store->commit_and_wait(request(removal("b"))));
    for (auto const& entry : std::filesystem::recursive_directory_iterator(dir.path + "/deep")) {
        struct ::stat info {};
        REQUIRE(::stat(entry.path().c_str(), &info) == 0);
        INFO(entry.path().string());
        CHECK((info.st_mode & 077) == 0);
    }
    for (auto const& name : names_in(dir.path + "/deep/er/data")) CHECK_FALSE(name.starts_with('.'));
}

TEST_CASE("a memory-only secret leaves nothing on the disk, and an earlier durable one does not come back") {
    temporary_folder dir;
    {
        auto store = open_folder(dir.path);
        REQUIRE(store->commit_and_wait(request(put("app", "durable"))));
        auto passing = request(put("app", "passing"), put("only", "passing"));
        for (auto& c : passing) c.memory_only = true;
        REQUIRE(store->commit_and_wait(std::move(passing)));
        CHECK(shown(*store, "app") == "[passing]");
        CHECK(names_in(dir.path).empty());
        CHECK(names_in(dir.path + "/history").empty());
    }
    auto store = open_folder(dir.path);
    CHECK(shown(*store, "app") == "absent");
    CHECK(shown(*store, "only") == "absent");
    REQUIRE(store->commit_and_wait(request(put("app", "v"))));
    CHECK(store->find("app")->version == 3);  // 1 and 2 are not given out again
}

TEST_CASE("Q68: asking for a secret that nobody has does not touch the disk") {
    class counting final : public passing_on {
    public:
        std::atomic<int> num_looks{0};
        base::result<std::vector<base::folder_entry>> list(std::string const& path) override {
            ++num_looks;
            return real.list(path);
        }
        base::result<base::secret_text> read(std::string const& path, std::size_t max_len) override {
            ++num_looks;
            return real.read(path, max_len);
        }
    } files;
    temporary_folder dir;
    file_options options;
    options.path = dir.path;
    options.files = &files;
    auto const store = try_open(std::move(options)).value();
    REQUIRE(store->commit_and_wait(request(put("app", "v"))));
    auto const before = files.num_looks.load();
    CHECK(before > 0);
    for (int i = 0; i < 100; ++i) CHECK(shown(*store, "nobody-" + std::to_string(i)) == "absent");
    CHECK(shown(*store, "app") == "[v]");
    CHECK(files.num_looks == before);
}

TEST_CASE("a disk that cannot be read decides nothing: safe does not start on it") {
    class unreadable final : public passing_on {
    public:
        std::string which;
        base::result<base::secret_text> read(std::string const& path, std::size_t max_len) override {
            if (path.ends_with(which)) return base::fail(errc::storage, "reading {}: Input/output error", path);
            return real.read(path, max_len);
        }
    } files;
    temporary_folder dir;
    std::string const data = dir.path + "/data";
    open_folder(data)->stop();
    // As a crash between two renames leaves it.
    write_file(data + "/.tmp-1", std::string_view("x"));
    batch_manifest m{false, {{false, ".tmp-1", "a.age", crypto::sha256(base::as_bytes("x"))}}};
    write_file(data + "/" + manifest_file(7), print_manifest(m));
    file_options options;
    options.path = data;
    options.files = &files;
    // The origin says which rules on namespaces hold; the other two, whether the change was decided.
    for (auto const* which : {"/.vsecm/origin", "/.tmp-1", "/.batch-0000000000000007"}) {
        files.which = which;
        auto const refused = try_open(options);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == errc::storage);
        CHECK(names_in(data).size() == 2);
    }
}

TEST_CASE("Q5 Q20: a secret that would be too large to read back is refused, not acknowledged") {
    temporary_folder dir;
    std::string const data = dir.path + "/data";
    std::string kept;
    {
        auto store = open_folder(data);
        for (char c = 'a'; c < 'i'; ++c) {
            auto const done = store->commit_and_wait(request(append("big", std::string(8U << 20, c))));
            if (done) continue;
            CHECK(done.error().code == errc::too_large);
            CHECK(store->commit_and_wait(request(append("big", "little"))));
            kept = shown(*store, "big");
            break;
        }
        REQUIRE_FALSE(kept.empty());
    }
    auto store = open_folder(data);
    CHECK((shown(*store, "big") == kept));
}

TEST_CASE("a manifest is whole or it is nothing") {
    batch_manifest m{true, {{false, ".tmp-1", "a.age", crypto::sha256(base::as_bytes("x"))}, {true, ".tmp-2", "b.age", {}}}};
    auto const text = print_manifest(m);
    auto const back = parse_manifest(text).value();
    CHECK(back.supersedes);
    REQUIRE(back.renames.size() == 2);
    CHECK(back.renames[0].content == m.renames[0].content);
    CHECK(back.renames[1].tombstone);
    CHECK(back.renames[1].to == "b.age");
    for (std::size_t len = 0; len < text.size(); ++len) CHECK_FALSE(parse_manifest(text.substr(0, len)).has_value());
    CHECK_FALSE(parse_manifest(text + "x").has_value());
    auto const zeros = std::string(64, '0');
    CHECK(parse_manifest("vsecm-batch 1\ndata " + zeros + " a b\nend\n").has_value());
    for (auto const* bad : {"../x", ".", "..", "a/b", ""})
        CHECK_FALSE(parse_manifest("vsecm-batch 1\ndata " + zeros + " .tmp " + bad + "\nend\n").has_value());
    CHECK_FALSE(parse_manifest("vsecm-batch 1\nelsewhere " + zeros + " a b\nend\n").has_value());
}
