// The disk forgets what was not synced; calls fail; both. After each, what a restart shows is held against what was
// answered: every acknowledged change is there, no request is there in part.
#include "fakes/forgetful_files.hpp"
#include "store/file_name.hpp"
#include "store/journal_format.hpp"
#include "unit/store/fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <future>
#include <set>

using namespace vsecm;
using namespace vsecm::store;
using namespace vsecm::store::testing;
using fakes::forgetful_files;

namespace {

using world = std::map<std::string, std::string>;  // name -> shown()

std::string shown_in(world const& w, std::string const& name) {
    auto const found = w.find(name);
    return found == w.end() ? "absent" : found->second;
}

// One request as the test writes it down, and what it does to a world. Rollback: `value` is what an earlier put wrote.
struct wish {
    change_kind kind;
    std::string name, value;
};
using wishes = std::vector<wish>;

// Where a world remembers what a deleted name had.
std::string grave_of(std::string const& name) { return "grave of " + name; }

void grant(world& w, wishes const& all) {
    for (auto const& one : all) {
        w.try_emplace(grave_of(one.name));
        auto& there = w[one.name];
        if (there.empty()) there = "absent";
        bool const present = there.starts_with("[");
        if (one.kind == change_kind::depart) continue;
        if (one.kind == change_kind::remove) {
            if (present) w[grave_of(one.name)] = std::exchange(there, "deleted");
        } else if (one.kind == change_kind::undelete) {
            if (there == "deleted") there = w[grave_of(one.name)];
        } else if (one.kind == change_kind::append && present) {
            // Only ever appended to a single value here.
            there = "[[\"" + one.value + "\",\"" + there.substr(1, there.size() - 2) + "\"]]";
        } else {
            there = "[" + one.value + "]";
        }
    }
}

// Which version of a name holds a value, as far as the store has said so.
using known_versions = std::map<std::pair<std::string, std::string>, std::uint64_t>;

std::vector<change> asked(wishes const& all, known_versions const& known) {
    std::vector<change> changes;
    for (auto const& one : all) {
        auto c = carries_value(one.kind) ? put(one.name, one.value) : removal(one.name);
        c.kind = one.kind;
        c.meta.namespaces = {one.value};  // each write takes the namespace of the one before
        auto const found = known.find({one.name, one.value});
        auto const version = found == known.end() ? 1'000'000 : found->second;
        if (one.kind == change_kind::rollback) c.restores = version;
        if (one.kind == change_kind::depart) {
            c.expected_version = version;
            c.meta.namespaces = {"e1", "e2", "e3", "e4"};
        }
        changes.push_back(std::move(c));
    }
    return changes;
}

constexpr auto put_kind = change_kind::put;
constexpr auto append_kind = change_kind::append;
constexpr auto remove_kind = change_kind::remove;
constexpr auto rollback_kind = change_kind::rollback;
constexpr auto undelete_kind = change_kind::undelete;
constexpr auto depart_kind = change_kind::depart;

// Several requests on one line are asked for together, so that they share a batch.
std::vector<std::vector<wishes>> const script = {
    {{{put_kind, "a", "a1"}}},
    {{{put_kind, "a", "a2"}}},
    {{{put_kind, "b", "b1"}, {put_kind, "c", "c1"}}},  // two files, one change
    {{{append_kind, "a", "a3"}}},
    {{{remove_kind, "b", ""}}},
    {{{put_kind, "b", "b2"}}},
    {{{remove_kind, "a", ""}, {put_kind, "d", "d1"}, {remove_kind, "c", ""}}},
    {{{put_kind, "a", "a4"}}, {{put_kind, "e", "e1"}, {put_kind, "f", "f1"}}, {{remove_kind, "d", ""}}, {{put_kind, "c", "c2"}}},
    {{{remove_kind, "e", ""}, {remove_kind, "f", ""}}},
    {{{depart_kind, "e", ""}}},
    {{{put_kind, "e", "e2"}, {put_kind, "f", "f2"}}, {{append_kind, "b", "b3"}, {put_kind, "a", "a5"}}},
    // Plain writes only: enough of them share a journal, which the last line makes into files.
    {{{put_kind, "a", "a6"}}, {{put_kind, "b", "b4"}, {put_kind, "c", "c3"}}, {{put_kind, "d", "d2"}}},
    {{{put_kind, "a", "a7"}}},
    {{{depart_kind, "e", "e2"}}, {{put_kind, "f", "f2"}}},
    {{{append_kind, "d", "d3"}}, {{put_kind, "b", "b5"}, {put_kind, "a", "a8"}}},
    {{{remove_kind, "b", ""}}, {{put_kind, "e", "e3"}}},
    // Back to what was: alone, with others as one change, in a crowd, and from a journal that is not a file yet.
    {{{rollback_kind, "a", "a6"}}},
    {{{undelete_kind, "b", ""}, {remove_kind, "c", ""}}},
    {{{put_kind, "a", "a9"}}, {{put_kind, "e", "e4"}, {put_kind, "f", "f3"}}, {{undelete_kind, "c", ""}}},
    {{{depart_kind, "e", "e4"}}},  // of what the journal has
    {{{rollback_kind, "e", "e3"}}, {{rollback_kind, "a", "a8"}}, {{put_kind, "b", "b6"}}, {{put_kind, "f", "f4"}}},
    {{{remove_kind, "a", ""}}, {{remove_kind, "b", ""}}},
    {{{undelete_kind, "a", ""}}},
};
std::set<std::string> const all_names = {"a", "b", "c", "d", "e", "f"};

// Every call has its turn; with the sanitizers, which take ten times as long and look for other faults, every seventh.
#ifdef VSECM_SANITIZED
constexpr std::size_t stride = 7;
#else
constexpr std::size_t stride = 1;
#endif

// What is true of a lone writer and of a crowd, which goes another way to the disk.
std::size_t crowds() { return GENERATE(std::size_t{4}, std::size_t{1}); }

// "e" is a name that is something elsewhere, too.
store_options mirrored() {
    store_options options;
    options.mirrored_prefix = "e";
    return options;
}

std::shared_ptr<crypto::value_cipher const> quick_cipher() {
    static auto const one = cipher_of(new_key(), crypto::cipher_mode::aes);
    return one;
}

struct answered {
    wishes asked_for;
    bool good;
};

// Waits until the writer has done all that follows from earlier requests.
void barrier(secret_store& store) { (void)store.commit_and_wait(request(removal("nobody"))); }

// Runs the script; requests of one line are queued behind a held call, so that they form one batch.
std::vector<answered> play(forgetful_files& files, secret_store& store) {
    std::vector<answered> out;
    known_versions known;
    for (auto const& line : script) {
        std::vector<std::future<base::result<commit_outcome>>> replies;
        auto const ask = [&](wishes const& w) {
            auto promise = std::make_shared<std::promise<base::result<commit_outcome>>>();
            replies.push_back(promise->get_future());
            store.submit(asked(w, known), [promise](auto outcome) { promise->set_value(std::move(outcome)); });
        };
        std::future<base::result<commit_outcome>> held;
        if (line.size() > 1) {
            files.close_gate();
            ask({{put_kind, "gate", "g"}});
            held = std::move(replies.back());
            replies.pop_back();
            files.wait_at_gate();
        }
        for (auto const& w : line) ask(w);
        if (line.size() > 1) files.open_gate();
        std::size_t at = 0;
        for (auto& reply : replies) {
            auto const outcome = reply.get();
            auto const& w = line[at++];
            out.push_back({w, outcome.has_value()});
            for (std::size_t i = 0; outcome && i < w.size(); ++i)
                if (w[i].kind == change_kind::put || w[i].kind == change_kind::remove) known[{w[i].name, w[i].value}] = (*outcome)[i].version;
        }
        if (held.valid()) (void)held.get();
        barrier(store);
    }
    return out;
}

// What a restart may show: for each bad request, done or not done. Returns what is wrong, or nothing.
std::string judge(std::vector<answered> const& history, secret_store const& after) {
    std::vector<world> possible = {{}};
    for (auto const& a : history) {
        auto const before = possible;
        for (auto& w : possible) grant(w, a.asked_for);
        if (!a.good) possible.insert(possible.end(), before.begin(), before.end());
        if (possible.size() > 1'000) break;
        std::ranges::sort(possible);
        possible.erase(std::unique(possible.begin(), possible.end()), possible.end());
    }
    std::string seen;
    world found;
    for (auto const& name : all_names) {
        found[name] = shown(after, name);
        seen += name + "=" + found[name] + " ";
    }
    for (auto const& w : possible)
        if (std::ranges::all_of(all_names, [&](std::string const& n) { return shown_in(w, n) == found[n]; })) return {};
    return seen;
}

std::string last_calls(forgetful_files const& files, std::size_t upto) {
    std::string text;
    auto const calls = files.calls();
    for (std::size_t i = upto > 12 ? upto - 12 : 0; i < std::min(calls.size(), upto + 1); ++i)
        text += std::to_string(i) + " " + calls[i] + "\n";
    return text;
}

struct run {
    std::unique_ptr<forgetful_files> files = std::make_unique<forgetful_files>();
    std::vector<answered> history;

    run(std::size_t crowd, forgetful_files::fault_plan plan) {
        files->plan_faults(std::move(plan));
        auto store = try_open(options_on(*files, crowd), quick_cipher(), mirrored());
        if (!store) return;
        history = play(*files, **store);
    }
};

std::size_t calls_of_a_quiet_run(std::size_t crowd) {
    static std::map<std::size_t, std::size_t> known;
    auto& n = known[crowd];
    if (n == 0) n = run(crowd, nullptr).files->num_calls();
    return n;
}

void check_restart(run const& r, forgetful_files::survival kept, unsigned seed, std::string const& what) {
    auto after = r.files->after_power_cut(kept, seed);
    auto store = try_open(options_on(*after, 4), quick_cipher(), mirrored());
    INFO(what << " kept=" << static_cast<int>(kept) << " seed=" << seed);
    if (!store) FAIL(store.error().what);
    auto const wrong = judge(r.history, **store);
    if (!wrong.empty()) FAIL(wrong);
    for (auto const& name : after->names_in("/data")) CHECK_FALSE(name.starts_with(temporary_prefix));
    for (auto const& name : after->names_in("/data")) CHECK_FALSE((name.starts_with(manifest_prefix) || name == journal_file));
    // And it goes on from there.
    REQUIRE((*store)->commit_and_wait(request(put("a", "again"), put("z", "new"))));
    (*store)->stop();
    auto const later = after->after_power_cut(forgetful_files::survival::nothing);
    auto reopened = try_open(options_on(*later, 4), quick_cipher(), mirrored());
    REQUIRE(reopened);
    CHECK(shown(**reopened, "a") == "[again]");
    CHECK(shown(**reopened, "z") == "[new]");
}

void check_all_restarts(run const& r, std::string const& what) {
    check_restart(r, forgetful_files::survival::nothing, 0, what);
    check_restart(r, forgetful_files::survival::everything, 0, what);
    for (unsigned seed = 1; seed <= 3; ++seed) check_restart(r, forgetful_files::survival::some, seed, what);
}

}  // namespace

TEST_CASE("a quiet run ends as the script says") {
    run const r(crowds(), nullptr);
    for (auto const& a : r.history) CHECK(a.good);
    check_all_restarts(r, "quiet");
}

TEST_CASE("Q4 Q5: the power fails at any call: acknowledged changes are there, none in part") {
    auto const crowd = crowds();
    for (auto const last : {forgetful_files::fault::refused, forgetful_files::fault::done_badly}) {
        for (std::size_t cut = 0; cut < calls_of_a_quiet_run(crowd); cut += stride) {
            run const r(crowd, [&](std::size_t n) {
                return n < cut ? forgetful_files::fault::none : n == cut ? last : forgetful_files::fault::refused;
            });
            check_all_restarts(r, "cut at call " + std::to_string(cut) + "\n" + last_calls(*r.files, cut));
        }
    }
}

TEST_CASE("Q4 Q5: any one call fails: an error is answered, or nothing is amiss; memory and disk agree afterwards") {
    auto const crowd = crowds();
    for (auto const kind : {forgetful_files::fault::refused, forgetful_files::fault::done_badly}) {
        for (std::size_t width : {1U, 2U, 5U, 12U}) {
            for (std::size_t at = 0; at < calls_of_a_quiet_run(crowd); at += stride) {
                auto const what = "call " + std::to_string(at) + " fails, " + std::to_string(width) + " in all";
                auto files = std::make_unique<forgetful_files>();
                files->plan_faults([&](std::size_t n) { return n >= at && n < at + width ? kind : forgetful_files::fault::none; });
                auto store = try_open(options_on(*files, crowd), quick_cipher(), mirrored());
                if (!store) {
                    CHECK(store.error().code == base::errc::storage);
                    continue;
                }
                auto const history = play(*files, **store);
                // The trouble is over: a write must work, and what memory shows must be exactly what was answered.
                INFO(what << "\n" << last_calls(*files, at + width + 8));
                files->plan_faults(nullptr);
                REQUIRE((*store)->commit_and_wait(request(put("z", "last"))));
                world expected;
                for (auto const& a : history)
                    if (a.good) grant(expected, a.asked_for);
                for (auto const& name : all_names) CHECK(shown(**store, name) == shown_in(expected, name));
                CHECK_FALSE((*store)->health().unsettled);
                // Whatever a restart finds is the same, for all is settled.
                for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything}) {
                    auto const after = files->after_power_cut(kept);
                    auto again = try_open(options_on(*after, crowd), quick_cipher(), mirrored());
                    REQUIRE(again);
                    for (auto const& name : all_names) {
                        INFO(name << " kept=" << static_cast<int>(kept));
                        CHECK(shown(**again, name) == shown_in(expected, name));
                    }
                    CHECK(shown(**again, "z") == "[last]");
                }
            }
        }
    }
}

TEST_CASE("Q4 Q5: a call fails and later the power: still no acknowledged change lost, none in part") {
    auto const crowd = crowds();
    auto const num_calls = calls_of_a_quiet_run(crowd);
    for (std::size_t at = 12; at < num_calls; at += stride) {
        for (std::size_t later = 1 + at % 4; later < 24; later += 5) {
            run const r(crowd, [&](std::size_t n) {
                if (n == at) return forgetful_files::fault::done_badly;
                return n < at + later ? forgetful_files::fault::none : forgetful_files::fault::refused;
            });
            auto const what = "call " + std::to_string(at) + " fails, power " + std::to_string(later) + " calls later\n" +
                              last_calls(*r.files, at + later);
            check_restart(r, forgetful_files::survival::nothing, 0, what);
            check_restart(r, forgetful_files::survival::everything, 0, what);
            check_restart(r, forgetful_files::survival::some, static_cast<unsigned>(at * 100 + later), what);
        }
    }
}

TEST_CASE("Q4: a repair that cannot be written does not undo what holds the unfinished change together") {
    auto const begun = [](forgetful_files& files, forgetful_files::fault_plan plan) {
        files.plan_faults(std::move(plan));
        auto store = try_open(options_on(files, 4), quick_cipher(), mirrored()).value();
        REQUIRE(store->commit_and_wait(request(put("b", "old"), put("c", "old"))));
        barrier(*store);
        return store;
    };
    // Where the second of two renames is, in a run without faults.
    forgetful_files quiet;
    std::size_t second_rename = 0;
    {
        auto const store = begun(quiet, nullptr);
        auto const first = quiet.num_calls();
        REQUIRE(store->commit_and_wait(request(put("b", "new"), put("c", "new"))));
        barrier(*store);
        auto const calls = quiet.calls();
        for (std::size_t i = first; i < calls.size(); ++i)
            if (calls[i].starts_with("rename") && calls[i].ends_with("/c.age")) second_rename = i;
        REQUIRE(second_rename > 0);
    }
    // It fails, and then the disk is full: both tries of both files of the repair fail too. Removing still works.
    for (unsigned seed = 0; seed < 8; ++seed) {
        forgetful_files files;
        auto const store = begun(files, [&](std::size_t n) {
            return n >= second_rename && n < second_rename + 5 ? forgetful_files::fault::refused : forgetful_files::fault::none;
        });
        REQUIRE_FALSE(store->commit_and_wait(request(put("b", "new"), put("c", "new"))));
        store->stop();
        for (auto const kept : {forgetful_files::survival::nothing, forgetful_files::survival::everything, forgetful_files::survival::some}) {
            auto const after = files.after_power_cut(kept, seed);
            auto const again = try_open(options_on(*after, 4), quick_cipher(), mirrored()).value();
            INFO("kept=" << static_cast<int>(kept) << " seed=" << seed << "\n" << last_calls(files, second_rename + 12));
            CHECK(shown(*again, "b") == shown(*again, "c"));
        }
    }
}
