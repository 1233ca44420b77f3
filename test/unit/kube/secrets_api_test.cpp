#include "kube/secrets_api.hpp"

#include "kube/secret_keeper.hpp"
#include "unit/kube/fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

using namespace vsecm;
using namespace vsecm::kube;
using test::data_of;
using namespace std::chrono_literals;

namespace {

struct fixture : test::api_fixture {
    using test::api_fixture::api_fixture;

    auto get() { return loop.run(api->get(db)); }
    auto apply(secret_data const& data, conflicts how = conflicts::give_way, std::string_view uid = {}) { return loop.run(api->apply(db, write_secret(db, data, uid), how)); }
    api_failure failure() {
        auto outcome = get();
        REQUIRE_FALSE(outcome);
        return std::move(outcome).error();
    }
    void answer(test::fake_answer const& scripted) {
        server.follow([scripted](test::fake_request const&) { return scripted; });
    }
};

}  // namespace

TEST_CASE("an apply makes a Secret, changes it, and leaves alone what is not ours") {
    fixture f;
    CHECK(f.failure().why == refusal::no_secret);
    CHECK(*f.apply(data_of({{"a", "1"}, {"b", "2"}})));
    f.server.edit("default", "db", [](test::fake_secret& s) {
        s.data["theirs"] = "x";
        s.labels["team"] = "y";
    });
    CHECK_FALSE(*f.apply(data_of({{"a", "3"}})));
    auto const there = *f.server.find("default", "db");
    CHECK(there.data == std::map<std::string, std::string>{{"a", "3"}, {"theirs", "x"}});  // b was ours and is not sent any more
    CHECK(there.labels.at("team") == "y");
    CHECK(there.labels.at("app.kubernetes.io/operated-by") == "vsecm");
    CHECK(there.annotations.empty());
    CHECK(f.get()->owners("a").our_apply);
    CHECK(f.get()->owners("theirs").others);
}

TEST_CASE("a name that no cluster has is invalid, and no server that does not answer") {
    fixture f;
    for (auto const& which : {secret_ref{"Not_A_Space", "db"}, secret_ref{"*", "db"}, secret_ref{"", "db"}, secret_ref{"default", "../db"}}) {
        CAPTURE(which.text());
        auto const outcome = f.loop.run(f.api->get(which));
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().why == refusal::invalid);
        CHECK(outcome.error().what.starts_with(which.text()));
    }
}

TEST_CASE("an apply gives way or wins, and only over the object that was seen") {
    fixture f;
    f.server.put("default", "db", {.data = {{"a", "theirs"}}});
    CHECK(f.apply(data_of({{"a", "1"}})).error().why == refusal::fields_owned);
    CHECK(f.server.find("default", "db")->data.at("a") == "theirs");
    CHECK(f.apply(data_of({{"a", "1"}}), conflicts::win, "another").error().why == refusal::modified);
    auto const uid = f.server.find("default", "db")->uid;
    CHECK(f.apply(data_of({{"a", "1"}}), conflicts::win, uid));
    CHECK(f.server.find("default", "db")->data.at("a") == "1");
    CHECK(f.apply({}));
    CHECK(f.server.find("default", "db")->data.empty());
}

TEST_CASE("create, replace and remove say what came in between") {
    fixture f;
    REQUIRE(f.loop.run(f.api->create(f.db, write_secret(f.db, data_of({{"a", "1"}})))));
    CHECK(f.loop.run(f.api->create(f.db, write_secret(f.db, data_of({{"a", "1"}})))).error().why == refusal::already_exists);
    auto const seen = f.get();
    REQUIRE(seen);
    auto const next = data_of({{"a", "2"}});
    secret_changes const changes{&next, {}, owner_value, {}};
    REQUIRE(f.loop.run(f.api->replace(f.db, seen->rewritten(changes))));
    CHECK(f.loop.run(f.api->replace(f.db, seen->rewritten(changes))).error().why == refusal::modified);
    CHECK(f.loop.run(f.api->remove(f.db, *seen)).error().why == refusal::modified);
    auto const newest = f.get();
    REQUIRE(newest);
    CHECK(f.loop.run(f.api->remove(f.db, *newest)));
    CHECK(f.loop.run(f.api->remove(f.db, *newest)).error().why == refusal::no_secret);
    CHECK(f.loop.run(f.api->replace(f.db, newest->rewritten(changes))).error().why == refusal::no_secret);
}

TEST_CASE("each refusal is told apart, and none quotes a secret") {
    fixture f;
    secret_ref const elsewhere{"nowhere", "db"};
    CHECK(f.loop.run(f.api->create(elsewhere, write_secret(elsewhere, {}))).error().why == refusal::no_namespace);
    f.server.forbid("default", {"get"});
    CHECK(f.failure().why == refusal::forbidden);
    CHECK(f.failure().what.contains("may not get Secret default/db"));
    CHECK(f.failure().as_error().code == base::errc::denied);
    f.server.allow_everything();

    auto const too_long = std::string(1'048'577, 'x');
    auto const long_one = f.apply(data_of({{"a", too_long}}));
    CHECK(long_one.error().why == refusal::invalid);
    CHECK(long_one.error().what.contains("FieldValueTooLong: data"));
    CHECK(f.apply(data_of({{"a", too_long.substr(1)}})));
    auto const odd_key = f.apply(data_of({{"TopSecret key", "x"}}));
    CHECK(odd_key.error().why == refusal::invalid);
    CHECK_FALSE(odd_key.error().what.contains("TopSecret"));

    f.answer({.status = 400, .reason = "BadRequest", .message = "found in TopSecret"});
    CHECK(f.failure().why == refusal::invalid);
    CHECK_FALSE(f.failure().what.contains("TopSecret"));
    f.answer({.status = 429, .reason = "TooManyRequests", .retry_after = "7"});
    CHECK(f.failure().why == refusal::busy);
    CHECK(f.failure().retry_after == 7s);
    f.answer({.status = 503, .body = R"({"reason":"ServiceUnavailable","details":{"retryAfterSeconds":100000}})"});
    CHECK(f.failure().why == refusal::broken);
    CHECK(f.failure().retry_after == 600s);
    f.answer({.status = 500, .retry_after = "Wed, 21 Oct 2015 07:28:00 GMT"});
    CHECK(f.failure().retry_after == std::nullopt);
    f.answer({.status = 502, .body = "<html>TopSecret"});
    CHECK(f.failure().why == refusal::broken);
    CHECK_FALSE(f.failure().what.contains("TopSecret"));
    f.answer({.status = 413});
    CHECK(f.failure().why == refusal::too_large);
    f.answer({.status = 403, .body = R"({"reason":"Forbidden","details":{"causes":[{"reason":"NamespaceTerminating"}]}})"});
    CHECK(f.failure().what.contains("is being deleted"));
    // As of a webhook: no reason, no details, and the message is its own.
    f.answer({.status = 403, .body = R"({"kind":"Status","status":"Failure","message":"denied the request: TopSecret","code":403})"});
    CHECK(f.failure().why == refusal::forbidden);
    CHECK(f.failure().what.contains("policy"));
    CHECK_FALSE(f.failure().what.contains("TopSecret"));
    f.answer({.status = 200, .body = R"({"kind":"SecretList","metadata":{}})"});
    CHECK(f.failure().why == refusal::unreachable);
    f.answer({.status = 409, .reason = "Conflict"});
    CHECK(f.failure().why == refusal::modified);
}

TEST_CASE("a 404 that is not of the Secret does not say that there is none") {
    fixture f;
    for (auto const* body : {"<html>not here", R"({"kind":"Status","reason":"NotFound","details":{}})", "404 page not found\n", "{}"}) {
        f.answer({.status = 404, .body = body});
        CHECK(f.failure().why == refusal::broken);
        CHECK(f.failure().what.contains("no API server"));
    }
    f.answer({.status = 404, .body = R"({"kind":"Status","reason":"NotFound","details":{"name":"db","kind":"secrets"}})"});
    CHECK(f.failure().why == refusal::no_secret);
    f.server.follow(nullptr);
    CHECK(f.failure().why == refusal::no_secret);
    // A removal that met such an answer is not done.
    REQUIRE(f.apply(data_of({{"a", "1"}})));
    f.answer({.status = 404, .body = "<html>"});
    secret_keeper keeper(*f.api);
    CHECK(f.loop.run(keeper.remove(f.db)).error().why == refusal::broken);
}

TEST_CASE("a replaced token is read again when it is not taken any more, once") {
    fixture f;
    REQUIRE(f.apply(data_of({{"a", "1"}})));
    f.server.change_token("second-token");
    auto const before = f.server.log().size();
    CHECK(f.get());
    CHECK(f.server.log().size() == before + 2);
    f.server.change_token("third-token", false);
    auto const refused = f.failure();
    CHECK(refused.why == refusal::unauthorized);
    CHECK_FALSE(refused.what.contains("token-"));
    CHECK(f.server.log().size() == before + 4);
}

TEST_CASE("token and CA are read again after their time, without a word from the server") {
    fixture f(0ms);
    REQUIRE(f.apply(data_of({{"a", "1"}})));
    f.server.change_token("second-token");
    f.server.change_ca();
    auto const before = f.server.log().size();
    CHECK(f.get());
    CHECK(f.server.log().size() == before + 1);
    CHECK(f.account->own_namespace() == "vsecm-system");
    // What is there goes on when a file is gone for a moment.
    std::filesystem::remove(f.server.account_folder() + "/token");
    CHECK(f.get());
}

TEST_CASE("a server by another name or under another CA hears nothing of us") {
    fixture by_name(60s, 5s, "localhost");
    auto const wrong_name = by_name.failure();
    CHECK(wrong_name.why == refusal::unreachable);
    CHECK(wrong_name.what.contains("certificate was refused"));
    CHECK(by_name.server.log().empty());

    fixture other, f;
    std::filesystem::copy_file(other.server.account_folder() + "/ca.crt", f.server.account_folder() + "/ca.crt", std::filesystem::copy_options::overwrite_existing);
    CHECK(f.failure().what.contains("certificate was refused"));
    CHECK(f.server.log().empty());
}

TEST_CASE("a server is told by which name it is called, but not by which address") {
    fixture by_name(60s, 5s, "localhost"), by_address;
    (void)by_name.failure();  // its certificate is for the address
    CHECK(by_name.server.names_asked() == std::vector<std::string>{"localhost"});
    CHECK(by_address.failure().why == refusal::no_secret);
    CHECK(by_address.server.names_asked().empty());
}

TEST_CASE("without its files there is no account, and the file that misses is named") {
    for (auto const* file : {"/token", "/ca.crt"}) {
        fixture f;
        std::filesystem::remove(f.server.account_folder() + file);
        CHECK(f.failure().why == refusal::unreachable);
        CHECK(f.failure().what.contains(file));
        std::ofstream(f.server.account_folder() + file) << " \n";
        CHECK(f.failure().what.contains(file));
    }
}

TEST_CASE("a server that does not answer is given up after the time that was set") {
    fixture f(60s, 100ms);
    f.answer({.status = 200, .pause = 5s});
    CHECK(f.failure().why == refusal::unreachable);
    f.server.follow(nullptr);
    f.loop.until_seen([&] { return f.failure().why == refusal::no_secret; });
}

TEST_CASE("names that are none never reach a path") {
    fixture f;
    for (auto const& bad : {secret_ref{"a/b", "x"}, secret_ref{"default", "../x"}, secret_ref{"", "x"}, secret_ref{"default", ""}}) {
        CHECK_FALSE(f.loop.run(f.api->get(bad)));
        CHECK(f.server.log().empty());
    }
}
