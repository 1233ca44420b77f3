// Another root key: everything that is stored comes under it, whatever happens meanwhile.
#include "fakes/forgetful_files.hpp"
#include "store/file_name.hpp"
#include "unit/store/by_hand.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <future>
#include <thread>

using namespace vsecm;
using namespace vsecm::store;
using namespace vsecm::store::testing;
using base::errc;
using fakes::forgetful_files;
using shared_key = std::shared_ptr<crypto::root_key const>;

namespace {

// A key, the one that takes its place, and that one alone.
struct rotation {
    shared_key before = new_key();
    shared_key next = std::make_shared<crypto::root_key const>(crypto::root_key::generate().in_place_of(*before));
    shared_key alone = std::make_shared<crypto::root_key const>(next->without(before->id()).value());

    base::status change(secret_store& store, crypto::value_cipher& cipher) const {
        return store.change_key_and_wait([&] { cipher.use(next); });
    }
};

std::shared_ptr<crypto::value_cipher> changeable(shared_key key, crypto::cipher_mode mode = crypto::cipher_mode::aes) {
    return std::make_shared<crypto::value_cipher>(std::move(key), mode);
}

// "value, earlier, earlier": what is shown, and the lengths of what is kept.
std::string told(secret_store& store, std::string const& name) {
    auto text = shown(store, name);
    auto const all = store.versions_and_wait(name);
    if (all)
        for (auto const& v : *all)
            if (v.state != version_state::current) text += std::format(" {} {} {}", v.version, name_of(v.state), v.value_len);
    return text;
}

// Every call has its turn; with the sanitizers, which take ten times as long and look for other faults, every seventh.
#ifdef VSECM_SANITIZED
constexpr std::size_t stride = 7;
#else
constexpr std::size_t stride = 1;
#endif

std::vector<std::string> const all_names = {"a", "b", "c", "d"};

// Something of every kind: earlier versions, a deletion with what it keeps, one that lives again.
void fill(secret_store& store) {
    for (auto const* value : {"a", "aa", "aaa"}) REQUIRE(store.commit_and_wait(request(put("a", value))));
    REQUIRE(store.commit_and_wait(request(put("b", "b"), put("c", "c"), put("d", "d"))));
    REQUIRE(store.commit_and_wait(request(removal("b"), removal("c"))));
    REQUIRE(store.commit_and_wait(request(put("c", "cc"))));
}

std::string all_told(secret_store& store) {
    std::string text;
    for (auto const& name : all_names) text += name + "=" + told(store, name) + "\n";
    return text;
}

void check_opens_with(forgetful_files const& files, shared_key const& key, std::string const& expected,
                      forgetful_files::survival kept = forgetful_files::survival::everything) {
    auto const copy = files.after_power_cut(kept);
    auto const store = try_open(options_on(*copy), changeable(key));
    REQUIRE(store);
    CHECK((*store)->health().num_damaged == 0);
    CHECK(all_told(**store) == expected);
}

}  // namespace

TEST_CASE("after a change of the key all that is kept opens with the new one alone, and is what it was") {
    auto const mode = GENERATE(crypto::cipher_mode::age, crypto::cipher_mode::aes);
    temporary_folder dir;
    rotation const r;
    auto const in_age = cipher_of(r.before);
    put_original(dir.path, "k8s:db.age", original_record("k8s:db", "theirs"), in_age);
    put_original(dir.path, "k8s:db-1-.age.backup", original_record("k8s:db", "theirs"), in_age);
    write_file(dir.path + "/legacy.age", original_aes(*r.before, original_record("legacy", "unauthenticated")));
    std::string expected;
    {
        auto const cipher = changeable(r.before, mode);
        auto store = open_folder(dir.path, cipher);
        fill(*store);
        expected = all_told(*store);
        auto const etag = store->etag("a", store->find("a"), visibility::present);
        REQUIRE(r.change(*store, *cipher));
        auto const done = store->renew_and_wait();
        REQUIRE(done);
        CHECK(done->unopened.empty());
        CHECK_FALSE(store->renewing().running);
        CHECK(store->renewing().problem.empty());
        CHECK(all_told(*store) == expected);
        CHECK(store->etag("a", store->find("a"), visibility::present) == etag);  // until the next start
    }
    for (auto const* folder : {"", "/deleted", "/history"})
        for (auto const& name : names_in(dir.path + folder)) {
            INFO(folder << "/" << name);
            auto const bytes = read_all(dir.path + folder + "/" + name);
            CHECK(crypto::open_with(r.alone->ring(), base::as_bytes(bytes)).has_value());
            CHECK_FALSE(crypto::open_with(r.before->ring(), base::as_bytes(bytes)).has_value());
        }
    CHECK(read_all(dir.path + "/.vsecm/key-id") == r.next->id() + "\n");
    auto store = open_folder(dir.path, changeable(r.alone, mode));
    CHECK(all_told(*store) == expected);
    CHECK(shown(*store, "k8s:db") == "[theirs]");
    CHECK(shown(*store, "legacy") == "[unauthenticated]");
    change back;
    back.kind = change_kind::undelete;
    back.name = "b";
    REQUIRE(store->commit_and_wait(request(std::move(back))));
    CHECK(shown(*store, "b") == "[b]");
}

TEST_CASE("the original's unauthenticated files come along whatever their names look like") {
    temporary_folder dir;
    rotation const r;
    std::vector<std::string> const names = {"redis.7", "10.0.0.1", "k8s:app-1.2"};
    for (auto const& name : names) write_file(dir.path + "/" + name + ".age", original_aes(*r.before, original_record(name, "v")));
    {
        auto const cipher = changeable(r.before);
        auto store = open_folder(dir.path, cipher);
        REQUIRE(store->commit_and_wait(request(put("10.0.0.1", "now"))));  // theirs is an earlier version from here on
        REQUIRE(r.change(*store, *cipher));
        auto const done = store->renew_and_wait();
        REQUIRE(done);
        CHECK(done->unopened.empty());
    }
    auto const store = open_folder(dir.path, changeable(r.alone));
    CHECK(shown(*store, "redis.7") == "[v]");
    CHECK(shown(*store, "k8s:app-1.2") == "[v]");
    auto const versions = store->versions_and_wait("10.0.0.1");
    REQUIRE(versions);
    CHECK(versions->size() == 2);
    CHECK(std::ranges::none_of(*versions, [](auto const& v) { return v.state == version_state::damaged; }));
}

TEST_CASE("a start with a key that brings older ones goes on by itself") {
    forgetful_files files;
    rotation const r;
    std::string expected;
    {
        auto const store = try_open(options_on(files), changeable(r.before)).value();
        fill(*store);
        expected = all_told(*store);
    }
    auto const store = try_open(options_on(files), changeable(r.next)).value();
    CHECK(all_told(*store) == expected);
    REQUIRE(store->renew_and_wait());  // the answer to this one comes after that of the start
    check_opens_with(files, r.alone, expected);
}

TEST_CASE("the power fails at any call of a change: every version opens, and the next start ends it") {
    rotation const r;
    auto const crowd = GENERATE(std::size_t{0}, std::size_t{1});
    std::string expected;
    std::size_t first = 0, last = 0;
    auto const play = [&](forgetful_files& files) {
        auto const cipher = changeable(r.before);
        auto const store = try_open(options_on(files, crowd), cipher).value();
        fill(*store);
        if (expected.empty()) expected = all_told(*store);
        if (first == 0) first = files.num_calls();
        (void)r.change(*store, *cipher);
        (void)store->renew_and_wait();
    };
    {
        forgetful_files quiet;
        play(quiet);
        last = quiet.num_calls();
        check_opens_with(quiet, r.alone, expected);
    }
    REQUIRE(last > first + 20);
    for (auto const kind : {forgetful_files::fault::refused, forgetful_files::fault::done_badly}) {
        for (auto cut = first; cut < last; cut += stride) {
            forgetful_files files;
            files.plan_faults([&](std::size_t n) { return n < cut ? forgetful_files::fault::none : n == cut ? kind : forgetful_files::fault::refused; });
            play(files);
            for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything, forgetful_files::survival::some}) {
                INFO("cut at " << cut << " kept=" << static_cast<int>(kept) << " crowd=" << crowd);
                auto const after = files.after_power_cut(kept, static_cast<unsigned>(cut));
                {
                    auto const store = try_open(options_on(*after, crowd), changeable(r.next));
                    REQUIRE(store);
                    REQUIRE((*store)->health().num_damaged == 0);
                    REQUIRE(all_told(**store) == expected);
                    REQUIRE((*store)->renew_and_wait());
                }
                for (auto const& name : after->names_in("/data")) CHECK_FALSE(name.starts_with(temporary_prefix));
                check_opens_with(*after, r.alone, expected);
            }
        }
    }
}

TEST_CASE("a folder that could not be synced is synced before the change is said to be done, by this process or the next") {
    rotation const r;
    bool const killed = GENERATE(false, true);
    std::string expected;
    std::size_t first = 0;
    auto const play = [&](forgetful_files& files) {
        auto const cipher = changeable(r.before);
        auto store = try_open(options_on(files), cipher).value();
        fill(*store);
        expected = all_told(*store);
        first = files.num_calls();
        for (int tries = killed ? 1 : 10; tries > 0 && !r.change(*store, *cipher); --tries) {}
        (void)store->renew_and_wait();
        return store;
    };
    forgetful_files quiet;
    play(quiet).reset();
    auto const calls = quiet.calls();
    std::size_t num_syncs = 0;
    for (auto cut = first; cut < calls.size(); ++cut) {
        if (!calls[cut].starts_with("sync ")) continue;
        ++num_syncs;
        INFO("call " << cut << ", " << calls[cut] << ", killed=" << killed);
        forgetful_files files;
        files.plan_faults([&](std::size_t n) { return n == cut || (killed && n > cut) ? forgetful_files::fault::refused : forgetful_files::fault::none; });
        auto store = play(files);
        if (killed) {
            store.reset();
            files.plan_faults(nullptr);
            store = try_open(options_on(files), changeable(r.next)).value();
        }
        REQUIRE(store->renew_and_wait());
        check_opens_with(files, r.alone, expected, forgetful_files::survival::nothing);
    }
    CHECK(num_syncs > 3);
}

TEST_CASE("reads and writes go on while a step stands still, and what they write is under the new key") {
    forgetful_files files;
    rotation const r;
    auto const cipher = changeable(r.before);
    auto store = try_open(options_on(files), cipher).value();
    fill(*store);
    files.close_gate();
    REQUIRE(r.change(*store, *cipher));
    files.wait_at_gate();  // in the middle of the first step
    CHECK(store->renewing().running);
    CHECK(shown(*store, "a") == "[aaa]");
    CHECK(store->list().size() == 3);
    std::promise<bool> written;
    store->submit(request(put("a", "meanwhile"), removal("d")), [&](auto outcome) { written.set_value(outcome.has_value()); });
    CHECK(shown(*store, "d") == "[d]");
    files.open_gate();
    CHECK(written.get_future().get());
    CHECK(shown(*store, "a") == "[meanwhile]");
    REQUIRE(store->renew_and_wait());
    auto const expected = all_told(*store);
    store.reset();
    check_opens_with(files, r.alone, expected);
}

TEST_CASE("under a crowd of writers a change ends, and no write is lost to it") {
    forgetful_files files;
    rotation const r;
    auto const cipher = changeable(r.before);
    auto store = try_open(options_on(files, 2), cipher).value();
    for (int i = 0; i < 60; ++i) REQUIRE(store->commit_and_wait(request(put("old-" + std::to_string(i), "v"))));
    std::atomic<bool> stop{false};
    std::atomic<int> last[4] = {};
    {
        std::vector<std::jthread> writers;
        for (int w = 0; w < 4; ++w)
            writers.emplace_back([&, w] {
                for (int n = 1; !stop; ++n)
                    if (store->commit_and_wait(request(put("w" + std::to_string(w), std::to_string(n))))) last[w] = n;
            });
        REQUIRE(r.change(*store, *cipher));
        CHECK(store->renew_and_wait().has_value());
        stop = true;
    }
    store->stop();
    store.reset();
    auto const again = try_open(options_on(files), changeable(r.alone)).value();
    CHECK(again->health().num_damaged == 0);
    CHECK(again->num_present() == 64);
    for (int w = 0; w < 4; ++w) CHECK(shown(*again, "w" + std::to_string(w)) == "[" + std::to_string(last[w]) + "]");
}

TEST_CASE("what no key opens is named, and stops nothing") {
    forgetful_files files;
    rotation const r;
    auto const cipher = changeable(r.before);
    auto const store = try_open(options_on(files), cipher).value();
    fill(*store);
    auto const expected = all_told(*store);
    auto const foreign = cipher_of(new_key(), crypto::cipher_mode::aes)->encrypt(base::as_bytes("{}"));
    files.put("/data/foreign.age", base::as_text(foreign));
    auto damaged = *files.content("/data/history/a.1.age");
    damaged.back() ^= 1;
    files.put("/data/history/a.1.age", damaged);
    files.put("/data/history/a.0.age", "");
    files.put("/data/quarantine/journal.1", "what a damaged journal held");
    REQUIRE(r.change(*store, *cipher));
    auto const done = store->renew_and_wait();
    REQUIRE(done);
    REQUIRE(done->unopened.size() == 4);
    auto const named = [&](std::string_view part) { return std::ranges::any_of(done->unopened, [&](auto const& s) { return s.contains(part); }); };
    CHECK(named("foreign.age opens with no key"));
    CHECK(named("history/a.1.age is damaged"));
    CHECK(named("history/a.0.age is damaged"));
    CHECK(named("quarantine/journal.1 "));
    CHECK(*files.content("/data/quarantine/journal.1") == "what a damaged journal held");
    CHECK(*files.content("/data/foreign.age") == base::as_text(foreign));
    CHECK(*files.content("/data/history/a.1.age") == damaged);
    CHECK(shown(*store, "a") == "[aaa]");
    auto const copy = files.after_power_cut(forgetful_files::survival::nothing);
    CHECK(shown(*try_open(options_on(*copy), changeable(r.alone)).value(), "c") == "[cc]");
}

TEST_CASE("a disk that refuses is asked again, and says meanwhile what is wrong") {
    forgetful_files files;
    rotation const r;
    auto const cipher = changeable(r.before);
    auto const store = try_open(options_on(files), cipher).value();
    fill(*store);
    auto const expected = all_told(*store);
    files.plan_faults([](std::size_t) { return forgetful_files::fault::refused; });
    REQUIRE(r.change(*store, *cipher));
    auto const refused = store->renew_and_wait();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::storage);
    CHECK(store->renewing().running);
    CHECK_FALSE(store->renewing().problem.empty());
    CHECK(all_told(*store) == expected);
    files.plan_faults(nullptr);
    REQUIRE(store->renew_and_wait());
    CHECK_FALSE(store->renewing().running);
    check_opens_with(files, r.alone, expected);
}

TEST_CASE("a file that the disk does not give may need the old key: the change is not said to be done") {
    struct one_bad_file final : passing_on {
        std::string bad;
        base::result<base::secret_text> read(std::string const& path, std::size_t max_len) override {
            if (path == bad) return base::fail(errc::storage, "reading {}: Input/output error", path);
            return passing_on::read(path, max_len);
        }
    };
    temporary_folder dir;
    rotation const r;
    auto const cipher = changeable(r.before);
    one_bad_file files;
    file_options options;
    options.path = dir.path;
    options.files = &files;
    auto const store = try_open(options, cipher).value();
    fill(*store);
    files.bad = dir.path + "/history/a.1.age";
    REQUIRE(r.change(*store, *cipher));
    auto const refused = store->renew_and_wait();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::storage);
    CHECK(refused.error().what.contains("history/a.1.age"));
    CHECK(store->renewing().problem.contains("history/a.1.age"));
}
