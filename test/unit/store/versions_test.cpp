// Earlier versions: listed, brought back, kept over a deletion and no longer than its tombstone.
#include "fakes/forgetful_files.hpp"
#include "store/file_name.hpp"
#include "store/record_format.hpp"
#include "unit/store/fixture.hpp"

#include <fstream>

using namespace vsecm;
using namespace vsecm::store;
using namespace vsecm::store::testing;
using base::errc;
using fakes::forgetful_files;

namespace {

change rollback(std::string name, std::uint64_t to) {
    auto c = removal(std::move(name));
    c.kind = change_kind::rollback;
    c.restores = to;
    return c;
}
change undelete(std::string name) {
    auto c = removal(std::move(name));
    c.kind = change_kind::undelete;
    return c;
}
change expecting(change c, std::uint64_t version) {
    c.expected_version = version;
    return c;
}

// "3 current 5, 2 earlier 3": number, state, length.
std::string listed(secret_store& store, std::string const& name) {
    auto const all = store.versions_and_wait(name);
    if (!all) return std::string(base::name_of(all.error().code));
    std::string text;
    for (auto const& v : *all) text += std::format("{}{} {} {}", text.empty() ? "" : ", ", v.version, name_of(v.state), v.value_len);
    return text;
}

errc refusal(secret_store& store, change c) {
    auto const outcome = store.commit_and_wait(request(std::move(c)));
    REQUIRE_FALSE(outcome);
    return outcome.error().code;
}

}  // namespace

TEST_CASE("versions are listed by number, date and size; what is only in the journal too") {
    for (std::size_t const crowd : {0U, 1U}) {
        forgetful_files files;
        base::manual_clock clock{base::parse_rfc3339("2026-01-02T03:04:05Z").value()};
        auto const store = try_open(options_on(files, crowd), test_cipher(), {}, clock).value();
        REQUIRE(store->commit_and_wait(request(put("app", "1"))));
        clock.advance(std::chrono::hours(1));
        REQUIRE(store->commit_and_wait(request(put("app", "22"))));
        CHECK(listed(*store, "app") == "2 current 2, 1 earlier 1");
        auto const all = store->versions_and_wait("app").value();
        CHECK(base::format_rfc3339(all[0].updated.value()) == "2026-01-02T04:04:05Z");
        CHECK(base::format_rfc3339(all[1].updated.value()) == "2026-01-02T03:04:05Z");
        REQUIRE(store->commit_and_wait(request(append("app", "3"))));
        CHECK(listed(*store, "app") == "3 current 10, 2 earlier 2, 1 earlier 1");  // ["3","22"]
        for (auto const* v : {"4", "5"}) REQUIRE(store->commit_and_wait(request(put("app", v))));
        CHECK(listed(*store, "app") == "5 current 1, 4 earlier 1, 3 earlier 10, 2 earlier 2");
        CHECK(listed(*store, "nobody") == "not_found");
        store->stop();
        CHECK(listed(*store, "app") == "unavailable");
    }
}

TEST_CASE("a rollback makes an earlier version current again, whole, as a new version") {
    for (std::size_t const crowd : {0U, 1U}) {
        forgetful_files files;
        base::manual_clock clock{base::parse_rfc3339("2026-01-02T03:04:05Z").value()};
        store_options sober;
        sober.deliver = [](auto, auto const&) { return base::secret_text(std::string_view("delivered")); };
        auto store = try_open(options_on(files, crowd), test_cipher(), sober, clock).value();
        auto first = put("app", "one");
        first.meta.namespaces = {"blue"};
        first.expires = clock.now() + std::chrono::hours(5);
        auto const expires = first.expires;
        REQUIRE(store->commit_and_wait(request(std::move(first))));
        REQUIRE(store->commit_and_wait(request(append("app", "two"))));
        REQUIRE(store->commit_and_wait(request(put("app", "three"))));
        auto const early = store->etag("app", store->find("app"), visibility::present);
        clock.advance(std::chrono::hours(1));

        auto const back = store->commit_and_wait(request(expecting(rollback("app", 2), 3)));
        REQUIRE(back);
        CHECK(back->front().version == 4);
        CHECK(store->value_text(*store->find("app")).value().view() == "[\"two\",\"one\"]");
        CHECK(store->etag("app", store->find("app"), visibility::present) != early);
        CHECK(store->find("app")->updated == clock.now());
        REQUIRE(store->commit_and_wait(request(rollback("app", 1))));
        auto const now = store->find("app");
        CHECK(now->meta->namespaces == std::vector<std::string>{"blue"});
        CHECK(now->expires == expires);
        CHECK(store->delivered_text(*now).value().view() == "delivered");
        CHECK(listed(*store, "app") == "5 current 3, 4 earlier 13, 3 earlier 5, 2 earlier 13");

        CHECK(refusal(*store, rollback("app", 1)) == errc::not_found);  // no longer kept
        CHECK(refusal(*store, rollback("app", 99)) == errc::not_found);
        CHECK(refusal(*store, rollback("nobody", 1)) == errc::not_found);
        CHECK(refusal(*store, rollback("app", 5)) == errc::invalid);
        CHECK(refusal(*store, expecting(rollback("app", 3), 4)) == errc::conflict);
        CHECK(store->find("app")->version == 5);
        // All or none, with others in one request.
        CHECK_FALSE(store->commit_and_wait(request(put("other", "x"), rollback("app", 99))));
        CHECK(shown(*store, "other") == "absent");

        store.reset();
        auto const later = files.after_power_cut(forgetful_files::survival::nothing);
        CHECK(try_open(options_on(*later), test_cipher(), {}, clock).value()->find("app")->version == 5);
    }
}

TEST_CASE("a file of the original that is left beside ours is not taken for the version that is replaced") {
    forgetful_files files;
    auto const theirs = test_cipher()->encrypt(base::as_bytes(std::string_view(
        R"({"name":"my app","value":"old","valueTransformed":"old","meta":{"namespaces":["default"]},"updated":"2001-01-01T00:00:00Z"})")));
    auto const left_again = [&] { files.put("/data/my app.age", base::as_text(theirs)); };  // as if it had not been removed
    left_again();
    REQUIRE(try_open(options_on(files)).value()->commit_and_wait(request(put("my app", "new"))));
    left_again();
    auto store = try_open(options_on(files)).value();
    REQUIRE(shown(*store, "my app") == "[new]");
    SECTION("by a deletion") {
        REQUIRE(store->commit_and_wait(request(removal("my app"))));
        REQUIRE(store->commit_and_wait(request(undelete("my app"))));
    }
    SECTION("by a write") {
        REQUIRE(store->commit_and_wait(request(put("my app", "newer"))));
        REQUIRE(store->commit_and_wait(request(rollback("my app", 2))));
    }
    CHECK(shown(*store, "my app") == "[new]");
    CHECK(files.names_in("/data") == std::vector<std::string>{"my%20app.age"});
}

TEST_CASE("a write cut short by a crash does not show a version twice") {
    forgetful_files files;
    {
        auto const store = try_open(options_on(files)).value();
        for (auto const* v : {"one", "two"}) REQUIRE(store->commit_and_wait(request(put("app", v))));
        files.plan_faults([first = files.num_calls()](std::size_t n) {  // new file, link; no rename
            return n < first + 2 ? forgetful_files::fault::none : forgetful_files::fault::refused;
        });
        CHECK_FALSE(store->commit_and_wait(request(put("app", "three"))));
        store->stop();
    }
    auto const after = files.after_power_cut(forgetful_files::survival::everything);
    REQUIRE(after->names_in("/data/history") == std::vector<std::string>{"app.1.age", "app.2.age"});
    CHECK(listed(*try_open(options_on(*after)).value(), "app") == "2 current 3, 1 earlier 3");
}

TEST_CASE("a deletion can be undone, over a restart too, and only a deletion") {
    temporary_folder dir;
    {
        auto const store = open_folder(dir.path);
        for (auto const* v : {"one", "two"}) REQUIRE(store->commit_and_wait(request(put("app", v))));
        CHECK(refusal(*store, undelete("app")) == errc::conflict);
        CHECK(refusal(*store, undelete("nobody")) == errc::not_found);
        REQUIRE(store->commit_and_wait(request(removal("app"))));
        CHECK(listed(*store, "app") == "3 deleted 0, 2 earlier 3, 1 earlier 3");
        CHECK(refusal(*store, rollback("app", 1)) == errc::not_found);
    }
    CHECK(names_in(dir.path).empty());
    auto store = open_folder(dir.path);
    CHECK(shown(*store, "app") == "deleted");
    CHECK(refusal(*store, expecting(undelete("app"), 2)) == errc::conflict);
    auto const back = store->commit_and_wait(request(expecting(undelete("app"), 3)));
    REQUIRE(back);
    CHECK(back->front().version == 4);
    CHECK(shown(*store, "app") == "[two]");
    REQUIRE(store->commit_and_wait(request(removal("app"))));
    REQUIRE(store->commit_and_wait(request(put("app", "new life"))));  // what was before may still be gone back to
    CHECK(listed(*store, "app") == "6 current 8, 4 earlier 3, 2 earlier 3, 1 earlier 3");
    store.reset();
    store = open_folder(dir.path);
    REQUIRE(store->commit_and_wait(request(rollback("app", 1))));
    CHECK(shown(*store, "app") == "[one]");
}

TEST_CASE("where no versions are kept, a deletion is for good") {
    temporary_folder dir;
    file_options options;
    options.path = dir.path;
    {
        auto const store = try_open(options).value();
        for (auto const* v : {"one", "two"}) REQUIRE(store->commit_and_wait(request(put("app", v), put("other", v))));
        REQUIRE(store->commit_and_wait(request(removal("other"))));
        CHECK(names_in(dir.path + "/history").size() == 3);
    }
    options.history = 0;
    auto const store = try_open(options).value();
    CHECK(names_in(dir.path + "/history") == std::vector<std::string>{"app.1.age"});  // what other had went at the start
    CHECK(refusal(*store, undelete("other")) == errc::not_found);
    REQUIRE(store->commit_and_wait(request(removal("app"))));
    CHECK(names_in(dir.path + "/history").empty());
    CHECK(refusal(*store, undelete("app")) == errc::not_found);
}

TEST_CASE("a secret moved to memory leaves no version behind") {
    temporary_folder dir;
    auto const store = open_folder(dir.path);
    for (auto const* v : {"one", "two"}) REQUIRE(store->commit_and_wait(request(put("app", v))));
    auto held = put("app", "held");
    held.memory_only = true;
    REQUIRE(store->commit_and_wait(request(std::move(held))));
    CHECK(listed(*store, "app") == "3 current 4");
    REQUIRE(store->commit_and_wait(request(removal("app"))));
    CHECK(refusal(*store, undelete("app")) == errc::not_found);
}

TEST_CASE("a damaged secret can be rolled back to a version that opens") {
    temporary_folder dir;
    {
        auto const store = open_folder(dir.path);
        for (auto const* v : {"one", "two", "three"}) REQUIRE(store->commit_and_wait(request(put("app", v))));
    }
    for (auto const* file : {"/app.age", "/history/app.2.age"}) std::ofstream(dir.path + file, std::ios::binary) << "age-encryption.org/v1\nnot really";
    auto const store = open_folder(dir.path);
    CHECK(shown(*store, "app") == "damaged");
    CHECK(listed(*store, "app") == "0 damaged 0, 2 damaged 0, 1 earlier 3");
    CHECK(refusal(*store, rollback("app", 2)) == errc::corrupt);
    CHECK(shown(*store, "app") == "damaged");
    REQUIRE(store->commit_and_wait(request(rollback("app", 1))));
    CHECK(shown(*store, "app") == "[one]");
}

TEST_CASE("the power fails during a deletion: it happened and can be undone, or it did not happen") {
    for (std::size_t cut = 0;; ++cut) {
        forgetful_files files;
        auto store = try_open(options_on(files)).value();
        for (auto const* v : {"one", "two"}) REQUIRE(store->commit_and_wait(request(put("app", v))));
        auto const first = files.num_calls();
        files.plan_faults([&](std::size_t n) { return n < first + cut ? forgetful_files::fault::none : forgetful_files::fault::refused; });
        bool const good = store->commit_and_wait(request(removal("app"))).has_value();
        store->stop();
        bool const whole = files.num_calls() < first + cut;
        for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything}) {
            auto const after = files.after_power_cut(kept);
            auto const again = try_open(options_on(*after)).value();
            INFO("cut " << cut << " kept " << static_cast<int>(kept));
            if (good) CHECK(shown(*again, "app") == "deleted");
            if (shown(*again, "app") == "deleted") REQUIRE(again->commit_and_wait(request(undelete("app"))));
            CHECK(shown(*again, "app") == "[two]");
        }
        if (whole) break;
    }
}

TEST_CASE("of too many deletions the oldest are forgotten, with what was kept of them") {
    base::manual_clock clock{base::parse_rfc3339("2026-01-02T03:04:05Z").value()};
    store_options few;
    few.max_tombstones = 20;
    auto const name_of_nth = [](int i) { return std::format("s{:02}", i); };
    auto const deleted_ones = [&](secret_store& store, int upto) {
        for (int i = 0; i < upto; ++i) {
            clock.advance(std::chrono::seconds(1));
            REQUIRE(store.commit_and_wait(request(put(name_of_nth(i), "x"))));
            REQUIRE(store.commit_and_wait(request(removal(name_of_nth(i)))));
        }
    };
    SECTION("while safe runs") {
        forgetful_files files;
        auto store = try_open(options_on(files), test_cipher(), few, clock).value();
        deleted_ones(*store, 20);
        CHECK(listed(*store, "s00") == "2 deleted 0, 1 earlier 1");
        REQUIRE(store->commit_and_wait(request(put("s20", "x"))));
        REQUIRE(store->commit_and_wait(request(removal("s20"))));
        CHECK(listed(*store, "s00") == "not_found");
        for (int i = 0; i < 21; ++i) CHECK(shown(*store, name_of_nth(i)) == (i < 3 ? "absent" : "deleted"));
        CHECK(files.names_in("/data/deleted").size() == 18);
        CHECK(files.names_in("/data/history").size() == 18);
        REQUIRE(store->commit_and_wait(request(put("s01", "again"))));
        CHECK(listed(*store, "s01") == "1 current 5");
    }
    SECTION("at a start with fewer allowed, and the power fails at any call") {
        forgetful_files files;
        auto store = try_open(options_on(files), test_cipher(), {}, clock).value();
        deleted_ones(*store, 21);
        store->stop();
        for (std::size_t cut = 0;; ++cut) {
            auto const before = files.after_power_cut(forgetful_files::survival::everything);
            std::size_t first = 0;
            {
                auto const one = try_open(options_on(*before), test_cipher(), {}, clock).value();  // the calls of any start
                one->stop();
                first = before->num_calls();
            }
            auto const now = before->after_power_cut(forgetful_files::survival::everything);
            now->plan_faults([&](std::size_t n) { return n < first + cut ? forgetful_files::fault::none : forgetful_files::fault::refused; });
            auto const pruned = try_open(options_on(*now), test_cipher(), few, clock).value();
            pruned->stop();
            for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything}) {
                auto const after = now->after_power_cut(kept);
                auto const again = try_open(options_on(*after), test_cipher(), {}, clock).value();
                for (int i = 0; i < 21; ++i) {
                    auto const seen = shown(*again, name_of_nth(i));
                    INFO("cut " << cut << " kept " << static_cast<int>(kept) << " " << name_of_nth(i) << " " << seen);
                    CHECK((seen == "deleted" || (seen == "absent" && i < 3)));
                    if (seen == "absent") CHECK(refusal(*again, undelete(name_of_nth(i))) == errc::not_found);
                }
            }
            if (now->num_calls() < first + cut) break;
        }
    }
}
TEST_CASE("namespaces taken from a mirrored name are remembered until they departed, and that is no new version") {
    for (std::size_t const crowd : {0U, 1U}) {
        forgetful_files files;
        store_options mirrored;
        mirrored.mirrored_prefix = "k8s:";
        auto store = try_open(options_on(files, crowd), test_cipher(), mirrored).value();
        auto const leaving = [&](std::string_view name) { return store->find(name)->meta->leaving; };
        auto const restart = [&] {
            store.reset();
            store = try_open(options_on(files, crowd), test_cipher(), mirrored).value();
        };
        auto const departed = [&](std::string name, std::vector<std::string> spaces, std::uint64_t version) {
            change c;
            c.kind = change_kind::depart;
            c.name = std::move(name);
            c.meta.namespaces = std::move(spaces);
            c.expected_version = version;
            return store->commit_and_wait(request(std::move(c)));
        };
        using names = std::vector<std::string>;
        auto const put_in = [](std::string name, std::string_view value, names spaces) {
            auto c = put(std::move(name), value);
            c.meta.namespaces = std::move(spaces);
            return c;
        };
        for (auto const* name : {"k8s:db", "plain"})
            REQUIRE(store->commit_and_wait(request(put_in(name, "1", {"a", "b", "c"}))));
        CHECK(leaving("k8s:db").empty());
        for (auto const* name : {"k8s:db", "plain"}) REQUIRE(store->commit_and_wait(request(put_in(name, "2", {"a", "d"}))));
        REQUIRE(store->commit_and_wait(request(append("plain", "3"))));
        restart();
        CHECK(leaving("k8s:db") == names{"b", "c"});
        CHECK(leaving("plain").empty());

        auto const tag = store->etag("k8s:db", store->find("k8s:db"), visibility::present);
        auto const versions = listed(*store, "k8s:db");
        REQUIRE(departed("k8s:db", {"b"}, 1));  // seen too long ago: nothing is done
        CHECK(leaving("k8s:db") == names{"b", "c"});
        REQUIRE(departed("k8s:db", {"b", "z"}, 2));
        restart();
        CHECK(leaving("k8s:db") == names{"c"});
        CHECK(listed(*store, "k8s:db") == versions);
        CHECK(store->etag("k8s:db", store->find("k8s:db"), visibility::present) == tag);
        CHECK(shown(*store, "k8s:db") == "[2]");

        // A rollback brings namespaces back, and takes others.
        REQUIRE(store->commit_and_wait(request(rollback("k8s:db", 1))));
        CHECK(leaving("k8s:db") == names{"d"});
        // A deletion takes them all; it stays one while they depart.
        REQUIRE(store->commit_and_wait(request(removal("k8s:db"))));
        CHECK(leaving("k8s:db") == names{"d", "a", "b", "c"});
        REQUIRE(departed("k8s:db", {"a", "c", "d"}, 4));
        restart();
        CHECK(leaving("k8s:db") == names{"b"});
        CHECK(shown(*store, "k8s:db") == "deleted");
        REQUIRE(store->commit_and_wait(request(undelete("k8s:db"))));
        CHECK(leaving("k8s:db").empty());
        CHECK(store->find("k8s:db")->meta->namespaces == names{"a", "b", "c"});

        // Moved to memory, what still stands elsewhere is not forgotten.
        REQUIRE(store->commit_and_wait(request(put_in("k8s:db", "4", {"a"}))));
        auto moved = put_in("k8s:db", "5", {"a"});
        moved.memory_only = true;
        REQUIRE(store->commit_and_wait(request(std::move(moved))));
        restart();
        CHECK(shown(*store, "k8s:db") == "absent");
        CHECK(leaving("k8s:db") == names{"b", "c"});
        REQUIRE(departed("k8s:db", {"b", "c"}, store->find("k8s:db")->version));
        restart();
        CHECK(leaving("k8s:db").empty());
        CHECK(shown(*store, "k8s:db") == "absent");
    }
}

TEST_CASE("a deletion is not forgotten before what was made of the secret is gone") {
    base::manual_clock clock{base::parse_rfc3339("2026-01-02T03:04:05Z").value()};
    store_options mirrored;
    mirrored.mirrored_prefix = "k8s:";
    mirrored.max_tombstones = 2;
    forgetful_files files;
    auto store = try_open(options_on(files), test_cipher(), mirrored, clock).value();
    auto const deleted = [&](std::string const& name) {
        clock.advance(std::chrono::seconds(1));
        REQUIRE(store->commit_and_wait(request(put(name, "x"))));
        REQUIRE(store->commit_and_wait(request(removal(name))));
    };
    for (auto const* name : {"k8s:a", "k8s:b", "k8s:c"}) deleted(name);
    for (auto const* name : {"s1", "s2", "s3"}) deleted(name);
    for (int i = 0; i < 2; ++i) {
        for (auto const* name : {"k8s:a", "k8s:b", "k8s:c"}) {
            CHECK(shown(*store, name) == "deleted");
            CHECK(store->find(name)->meta->leaving == std::vector<std::string>{"default"});
        }
        store.reset();
        store = try_open(options_on(files), test_cipher(), mirrored, clock).value();
    }
    change departed;
    departed.kind = change_kind::depart;
    departed.name = "k8s:a";
    departed.meta.namespaces = {"default"};
    departed.expected_version = store->find("k8s:a")->version;
    REQUIRE(store->commit_and_wait(request(std::move(departed))));
    for (auto const* name : {"s4", "s5", "s6", "s7"}) deleted(name);
    (void)store->versions_and_wait("s7");  // is answered behind what the writer does once it has answered a write
    CHECK(shown(*store, "k8s:a") == "absent");
    CHECK(shown(*store, "k8s:b") == "deleted");
}

TEST_CASE("a name whose Secrets cannot be removed anywhere is not moved around without end") {
    store_options mirrored;
    mirrored.mirrored_prefix = "k8s:";
    auto const store = in_memory(mirrored);
    auto many = put("k8s:db", "1");
    many.meta.namespaces.clear();
    for (std::size_t i = 0; i <= max_leaving; ++i) many.meta.namespaces.push_back("ns" + std::to_string(i));
    REQUIRE(store->commit_and_wait(request(std::move(many))));
    CHECK(refusal(*store, put("k8s:db", "2")) == errc::limited);
    CHECK(shown(*store, "k8s:db") == "[1]");
}
