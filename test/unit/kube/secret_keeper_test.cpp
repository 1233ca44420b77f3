#include "kube/secret_keeper.hpp"

#include "unit/kube/fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::kube;
using test::data_of, test::fake_answer, test::fake_request, test::fake_secret;
using texts = std::map<std::string, std::string>;

namespace {

struct keeping : test::api_fixture {
    secret_keeper keeper{*api};

    auto put(std::initializer_list<std::pair<std::string, std::string_view>> pairs) {
        auto const data = data_of(pairs);
        return loop.run(keeper.put(db, data));
    }
    auto remove() { return loop.run(keeper.remove(db)); }
    std::size_t num_writes() const { return server.log().size() - server.count("get"); }
    // Without the verb patch, as the role of the original's manifests.
    void without_patch() { server.forbid("*", {"patch"}); }
    void put_theirs(fake_secret secret, std::string const& manager = "kubectl Update") { server.put("default", "db", std::move(secret), manager); }
};

texts const owned{{"app.kubernetes.io/operated-by", "vsecm"}};

}  // namespace

TEST_CASE("what is as it should be is not written again") {
    keeping k;
    CHECK(*k.put({{"a", "1"}, {"b", "2"}}) == kept::written);
    CHECK(*k.put({{"a", "1"}, {"b", "2"}}) == kept::as_it_was);
    CHECK(k.num_writes() == 1);
    CHECK(k.there().labels == owned);
    CHECK(k.there().type == "Opaque");
}

TEST_CASE("drift is repaired, and what others added lives on") {
    keeping k;
    REQUIRE(k.put({{"a", "1"}, {"b", "2"}}));
    k.server.edit("default", "db", [](fake_secret& s) {
        s.data = {{"a", "changed"}, {"theirs", "x"}};
        s.labels["team"] = "t";
        s.annotations["note"] = "n";
    });
    CHECK(*k.put({{"a", "1"}, {"b", "2"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "1"}, {"b", "2"}, {"theirs", "x"}});
    CHECK(k.there().labels.at("team") == "t");
    CHECK(k.there().annotations.at("note") == "n");
    k.server.remove("default", "db");
    CHECK(*k.put({{"a", "1"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "1"}});
}

TEST_CASE("a key that is not wanted any more goes, if it was ours") {
    keeping k;
    REQUIRE(k.put({{"a", "1"}, {"b", "2"}}));
    k.server.edit("default", "db", [](fake_secret& s) { s.data["theirs"] = "x"; });
    CHECK(*k.put({{"a", "1"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "1"}, {"theirs", "x"}});
    // One that came by an apply goes by the next.
    auto const num_replaced = k.server.count("update");
    REQUIRE(k.put({{"a", "1"}, {"c", "3"}}));
    CHECK(*k.put({{"a", "1"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "1"}, {"theirs", "x"}});
    CHECK(k.server.count("update") == num_replaced);
}

TEST_CASE("an emptied Secret stays, is still ours, and is filled again") {
    keeping k;
    CHECK(*k.loop.run(k.keeper.empty(k.db)) == kept::as_it_was);
    CHECK_FALSE(k.server.find("default", "db"));
    REQUIRE(k.put({{"made", "1"}}));
    REQUIRE(k.put({{"made", "1"}, {"applied", "2"}}));
    k.server.edit("default", "db", [](fake_secret& s) { s.data["theirs"] = "x"; });
    CHECK(*k.loop.run(k.keeper.empty(k.db)) == kept::written);
    CHECK(k.there().data == texts{{"theirs", "x"}});
    CHECK(k.there().labels == owned);
    CHECK(*k.loop.run(k.keeper.empty(k.db)) == kept::as_it_was);
    CHECK(*k.put({{"made", "3"}}) == kept::written);
    CHECK(k.there().data == texts{{"made", "3"}, {"theirs", "x"}});
    k.put_theirs({.data = {{"made", "theirs"}}});
    CHECK(k.loop.run(k.keeper.empty(k.db)).error().why == refusal::foreign);
}

TEST_CASE("what is removed for now stays ours where others have their part in it") {
    keeping k;
    REQUIRE(k.put({{"a", "1"}}));
    k.server.edit("default", "db", [](fake_secret& s) { s.data["theirs"] = "x"; });
    CHECK(*k.loop.run(k.keeper.remove(k.db, parting::for_now)) == kept::removed);
    CHECK(k.there().data == texts{{"theirs", "x"}});
    CHECK(k.there().labels == owned);
    CHECK(*k.loop.run(k.keeper.remove(k.db, parting::for_now)) == kept::as_it_was);
    CHECK(*k.put({{"a", "2"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "2"}, {"theirs", "x"}});
    // For good, the rest is handed over.
    CHECK(*k.remove() == kept::removed);
    CHECK(k.there().labels.empty());
    CHECK(k.put({{"a", "3"}}).error().why == refusal::foreign);
}

TEST_CASE("Q11: a Secret of somebody else is not taken over") {
    keeping k;
    k.put_theirs({.data = {{"password", "theirs"}}, .labels = {{"app.kubernetes.io/managed-by", "Helm"}}});
    auto const before = k.there();
    auto const refused = k.put({{"password", "ours"}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why == refusal::foreign);
    CHECK(refused.error().what.contains("app.kubernetes.io/operated-by=vsecm"));
    CHECK(k.there().data == before.data);
    CHECK(k.num_writes() == 0);
    CHECK(*k.remove() == kept::as_it_was);
    CHECK(k.there().data == before.data);
    // Handed over by its owner, it is ours, and what else is in it stays.
    k.server.edit("default", "db", [](fake_secret& s) { s.labels["app.kubernetes.io/operated-by"] = "vsecm"; });
    CHECK(*k.put({{"user", "x"}}) == kept::written);
    CHECK(k.there().data == texts{{"password", "theirs"}, {"user", "x"}});
}

TEST_CASE("one that appears while ours is being made is not taken over either") {
    keeping k;
    auto const theirs = fake_secret{.data = {{"theirs", "x"}}};
    // It is made between our look and our write.
    std::atomic<int> num_looks{0};
    k.server.follow([&](fake_request const& r) -> std::optional<fake_answer> {
        if (r.verb == "get" && num_looks++ == 0) {
            return fake_answer{.status = 404, .body = R"({"reason":"NotFound","details":{"kind":"secrets"}})"};
        }
        return std::nullopt;
    });
    k.put_theirs(theirs);
    auto const refused = k.put({{"ours", "1"}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why == refusal::foreign);
    CHECK(k.there().data == theirs.data);
    CHECK(k.there().labels.empty());
    // Not even for a moment: nothing that could fail would have to be undone.
    CHECK(k.server.count("patch") + k.server.count("update") == 0);
}

TEST_CASE("what the original wrote is ours, its keys that are gone too") {
    keeping k;
    k.put_theirs({.data = {{"old", "1"}, {"a", "2"}}, .labels = owned}, "vsecm-safe Update");
    CHECK(*k.put({{"a", "3"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "3"}});
    CHECK(*k.put({{"a", "3"}}) == kept::as_it_was);
    CHECK(*k.put({{"b", "4"}}) == kept::written);
    CHECK(k.there().data == texts{{"b", "4"}});
}

TEST_CASE("without the right to patch: read, merge, replace, to the same end") {
    keeping k;
    k.without_patch();
    CHECK(*k.put({{"a", "1"}, {"b", "2"}}) == kept::written);
    k.server.edit("default", "db", [](fake_secret& s) {
        s.data["theirs"] = "x";
        s.labels["team"] = "t";
        s.annotations["note"] = "n";
    });
    CHECK(*k.put({{"a", "3"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "3"}, {"theirs", "x"}});
    CHECK(k.there().labels.at("team") == "t");
    CHECK(k.there().annotations.at("note") == "n");
    CHECK(*k.put({{"a", "3"}}) == kept::as_it_was);
    // The role is mended: an apply goes on where the replaces left off.
    k.server.allow_everything();
    CHECK(*k.put({{"c", "4"}}) == kept::written);
    CHECK(*k.put({{"c", "5"}, {"d", "6"}}) == kept::written);
    CHECK(*k.put({{"d", "6"}}) == kept::written);
    CHECK(k.there().data == texts{{"d", "6"}, {"theirs", "x"}});
    // Not even that right: told by the verb that is missing.
    k.server.forbid("*", {"patch", "update"});
    CHECK(k.put({{"d", "7"}}).error().what.contains("may not update"));
    k.server.remove("default", "db");
    k.server.forbid("*", {"create"});
    CHECK(k.put({{"d", "7"}}).error().what.contains("may not create"));
}

TEST_CASE("a write of somebody else in between is seen, and neither is lost") {
    keeping k;
    k.without_patch();
    REQUIRE(k.put({{"a", "1"}}));
    std::atomic<int> left{2};
    k.server.follow([&](fake_request const& r) -> std::optional<fake_answer> {
        if (r.verb == "update" && left-- > 0) return fake_answer{.status = 409, .reason = "Conflict"};
        return std::nullopt;
    });
    CHECK(*k.put({{"a", "2"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "2"}});
    left = 100;
    CHECK(k.put({{"a", "3"}}).error().why == refusal::modified);
    CHECK(left > 90);  // and there is an end to it
}

TEST_CASE("a Secret that is made anew between the look and the apply is looked at again") {
    keeping k;
    REQUIRE(k.put({{"a", "1"}}));
    std::atomic<bool> once{false};
    k.server.follow([&](fake_request const& r) -> std::optional<fake_answer> {
        if (r.verb == "patch" && !once.exchange(true)) k.server.make_anew("default", "db");
        return std::nullopt;
    });
    CHECK(*k.put({{"a", "1"}, {"b", "2"}}) == kept::written);
    CHECK(k.there().data == texts{{"a", "1"}, {"b", "2"}});
    CHECK(k.server.count("patch default/db 422") == 1);
}

TEST_CASE("an immutable Secret is told as such, when it would have to change") {
    keeping k;
    REQUIRE(k.put({{"a", "1"}}));
    k.server.edit("default", "db", [](fake_secret& s) { s.immutable = true; });
    CHECK(*k.put({{"a", "1"}}) == kept::as_it_was);
    CHECK(k.put({{"a", "2"}}).error().what.contains("immutable"));
}

TEST_CASE("removing takes the Secret, or our part of one that others use") {
    keeping k;
    CHECK(*k.remove() == kept::as_it_was);
    REQUIRE(k.put({{"a", "1"}}));
    CHECK(*k.remove() == kept::removed);
    CHECK_FALSE(k.server.find("default", "db"));

    REQUIRE(k.put({{"a", "1"}, {"b", "2"}}));
    k.server.edit("default", "db", [](fake_secret& s) {
        s.data["theirs"] = "x";
        s.data["b"] = "taken over";
    });
    CHECK(*k.remove() == kept::removed);
    CHECK(k.there().data == texts{{"b", "taken over"}, {"theirs", "x"}});
    CHECK(k.there().labels.empty());
    CHECK(*k.remove() == kept::as_it_was);
}
