#include "kube/secret_object.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::kube;

namespace {

constexpr std::string_view text = R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"db","namespace":"a","uid":"u1","resourceVersion":"7",
"labels":{"app.kubernetes.io/operated-by":"vsecm","team":"x"},"annotations":{"note":"<b>","old":"y"},"ownerReferences":[{"uid":"o","controller":true}],
"managedFields":[{"manager":"vsecm","operation":"Apply","fieldsV1":{"f:data":{"f:mine":{},"f:both":{}}}},
{"manager":"vsecm","operation":"Update","fieldsV1":{"f:data":{"f:put":{}}}},
{"manager":"vsecm-safe","operation":"Update","fieldsV1":{"f:data":{"f:was":{}}}},
{"manager":"helm","operation":"Update","fieldsV1":{"f:data":{"f:theirs":{},"f:both":{}}}}]},
"data":{"mine":"MQ==","both":"Mg==","put":"Mw==","was":"NA==","theirs":"NQ==","bad":"%%"},"type":"Opaque","immutable":false})";

secret_object parsed(std::string_view json = text) {
    auto object = secret_object::parse(base::secret_text(json));
    if (!object) FAIL(object.error().what);
    return *std::move(object);
}

secret_data data_of(std::initializer_list<std::pair<std::string, std::string_view>> pairs) {
    secret_data data;
    for (auto const& [key, value] : pairs) data.emplace(key, base::secret_text(value));
    return data;
}

}  // namespace

TEST_CASE("a Secret's facts are read, and who wrote which key") {
    auto const object = parsed();
    CHECK(object.uid() == "u1");
    CHECK(object.resource_version() == "7");
    CHECK(object.is_ours());
    CHECK(object.label("none").empty());
    CHECK(object.annotation("old") == "y");
    CHECK_FALSE(object.is_immutable());
    CHECK(object.keys().size() == 6);
    CHECK(object.has("mine", base::as_bytes("1")));
    CHECK_FALSE(object.has("mine", base::as_bytes("2")));
    CHECK_FALSE(object.has("none", base::as_bytes("")));
    CHECK((*object.value("both"))->view() == "2");
    CHECK_FALSE(object.value("none")->has_value());
    CHECK_FALSE(object.value("bad"));

    CHECK((object.owners("mine").our_apply && !object.owners("mine").our_update && !object.owners("mine").others));
    CHECK((object.owners("both").our_apply && object.owners("both").others));
    CHECK((object.owners("put").our_update && !object.owners("put").our_apply));
    CHECK((object.owners("was").our_update && !object.owners("was").others));
    CHECK((object.owners("theirs").others && !object.owners("theirs").our_update));
    CHECK_FALSE(object.owners("none").others);
}

TEST_CASE("a rewrite changes what it is told and keeps everything else") {
    auto const set = data_of({{"mine", "new"}, {"more", "x"}});
    secret_changes changes{&set, {"put", "was"}, owner_value, {"old"}};
    auto const written = parsed().rewritten(changes);
    auto const view = written.view();
    CHECK_FALSE(view.contains("managedFields"));
    auto const again = parsed(view);
    CHECK(again.keys() == std::set<std::string, std::less<>>{"mine", "both", "theirs", "bad", "more"});
    CHECK(again.has("mine", base::as_bytes("new")));
    CHECK(again.has("theirs", base::as_bytes("5")));
    CHECK(again.label("team") == "x");
    CHECK(again.is_ours());
    CHECK(again.annotation("note") == "<b>");
    CHECK(again.annotation("old").empty());
    CHECK(again.resource_version() == "7");
    CHECK(view.contains(R"("ownerReferences":[{"uid":"o","controller":true}])"));
    CHECK(view.contains(R"("type":"Opaque")"));

    changes = {nullptr, {}, {}, {}};
    auto const given_up = parsed(parsed().rewritten(changes).view());
    CHECK_FALSE(given_up.is_ours());
    CHECK(given_up.label("team") == "x");
    CHECK(given_up.keys().size() == 6);
}

TEST_CASE("bodies say whose the Secret is, and nothing twice") {
    auto const data = data_of({{"a", "1"}, {"b", ""}});
    CHECK(write_secret({"ns", "db"}, data, "u1").view() ==
          R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"ns","uid":"u1","labels":{"app.kubernetes.io/operated-by":"vsecm"}},"data":{"a":"MQ==","b":""}})");
}

TEST_CASE("what is no Secret is refused, whatever shape it has") {
    for (auto const* bad : {"", "[]", "null", "{}", R"({"kind":"Secret"})", R"({"kind":"Secret","metadata":7})", R"({"kind":"Status","metadata":{}})", "{\"kind\":"})
        CHECK_FALSE(secret_object::parse(base::secret_text(std::string_view(bad))));
    // Odd members do no harm.
    auto const odd = parsed(R"({"kind":"Secret","metadata":{"labels":[],"managedFields":{"a":1}},"data":"x","immutable":"yes"})");
    CHECK_FALSE(odd.is_ours());
    CHECK_FALSE(odd.is_immutable());
    CHECK(odd.keys().empty());
    CHECK_FALSE(odd.owners("a").others);
    CHECK(odd.uid().empty());
}
