// What each route answers.
#include "base/encoding.hpp"
#include "codec/json_reader.hpp"
#include "unit/roles/safe/fixture.hpp"

#include <fstream>
#include <set>

using namespace vsecm;
using namespace vsecm::roles::safe;
using namespace vsecm::roles::safe::testing;
using base::errc;

TEST_CASE("upsert answers OK once per workload, and each workload gets its own") {
    fixture f;
    CHECK(body_of(f.post(R"({"workloads":["a","b"],"value":"one"})")) == "OKOK");
    CHECK(body_of(f.fetch("a")) == R"({"data":"one","created":"\"2024-01-02T15:04:05Z\"","updated":"\"2024-01-02T15:04:05Z\""})");
    CHECK(f.fetch("b")->status == 200);
    CHECK(body_of(f.post(R"({"workloads":["a","a"],"value":"two"})")) == "OKOK");
}

TEST_CASE("append puts the newest first and drops duplicates") {
    fixture f;
    REQUIRE(f.post(R"({"workloads":["a"],"value":"one"})"));
    REQUIRE(f.post(R"({"workloads":["a"],"value":"two","appendValue":true})"));
    REQUIRE(f.post(R"({"workloads":["a"],"value":"one","appendValue":true})"));
    CHECK(body_of(f.fetch("a")).starts_with(R"({"data":"[\"one\",\"two\"]")"));
}

TEST_CASE("404 says why, and the ETag tells the reasons apart") {
    fixture f;
    f.settings.enforce_dates = true;
    auto const absent = f.fetch("a");
    CHECK(absent->status == 404);
    CHECK(header(*absent, "Vsecm-Reason") == "absent");
    REQUIRE(f.post(R"({"workloads":["a"],"value":"x","notBefore":"2024-01-02T15:04:10Z","expires":"2024-01-02T15:04:20Z"})"));
    auto const early = f.fetch("a");
    CHECK(header(*early, "Vsecm-Reason") == "not-yet");
    f.clock.advance(std::chrono::seconds{6});
    auto const present = f.fetch("a");
    CHECK(present->status == 200);
    CHECK_FALSE(body_of(handle_list(*f.safe)).contains("status"));
    f.clock.advance(std::chrono::seconds{10});
    auto const late = f.fetch("a");
    CHECK(header(*late, "Vsecm-Reason") == "expired");
    CHECK(body_of(handle_list(*f.safe)).contains(R"("status":"expired")"));
    REQUIRE(f.remove(R"({"workloads":["a"]})"));
    auto const gone = f.fetch("a");
    CHECK(header(*gone, "Vsecm-Reason") == "deleted");
    std::set<std::string> const tags{header(*absent, "ETag"), header(*early, "ETag"), header(*present, "ETag"), header(*late, "ETag"), header(*gone, "ETag")};
    CHECK(tags.size() == 5);
    CHECK_FALSE(tags.contains(""));
}

TEST_CASE("unless they are enforced, dates are kept and decide nothing") {
    fixture f;
    REQUIRE(f.post(R"({"workloads":["a","raw:a"],"value":"x","notBefore":"2024-01-02T15:04:10Z","expires":"2024-01-02T15:04:20Z"})"));
    auto const early = f.fetch("a");
    CHECK(early->status == 200);
    f.clock.advance(std::chrono::hours{1});
    auto const late = f.fetch("a");
    CHECK(late->status == 200);
    CHECK(header(*late, "ETag") == header(*early, "ETag"));
    CHECK(body_of(handle_list(*f.safe)).contains(R"("notBefore":"2024-01-02T15:04:10Z","expiresAfter":"2024-01-02T15:04:20Z")"));
    // Init commands make a new password where the list says that one has expired: not where it is still served.
    CHECK_FALSE(body_of(handle_list(*f.safe)).contains("expired"));
}

TEST_CASE("enforced, they hold a request until the date") {
    fixture f;
    f.settings.enforce_dates = true;
    REQUIRE(f.post(R"({"workloads":["a"],"value":"x","expires":"2024-01-02T15:04:20Z"})"));
    auto const tag = header(*f.fetch("a"), "ETag");
    f.exchange.during = [&] { f.clock.advance(std::chrono::seconds{15}); };
    auto const ended = f.fetch("a", "default", tag, "wait=60");
    CHECK(ended->status == 404);
    CHECK(header(*ended, "Vsecm-Reason") == "expired");
}

TEST_CASE("an unchanged secret is 304; a held request ends with the change") {
    fixture f;
    REQUIRE(f.post(R"({"workloads":["a"],"value":"one"})"));
    auto const tag = header(*f.fetch("a"), "ETag");
    CHECK(f.fetch("a", "default", tag)->status == 304);
    CHECK(f.fetch("a", "default", tag, "wait=5")->status == 304);
    f.exchange.during = [&] { REQUIRE(f.safe->secrets().commit_and_wait([] {
        std::vector<store::change> changes(1);
        changes[0].name = "a";
        changes[0].value = base::secret_text(std::string_view("two"));
        changes[0].meta.namespaces = {"default"};
        return changes;
    }())); };
    auto const held = f.fetch("a", "default", tag, "wait=5");
    CHECK(held->status == 200);
    CHECK(body_of(held).contains("two"));
    f.exchange.ends = true;
    CHECK(f.fetch("a", "default", header(*held, "ETag"), "wait=5").error().code == errc::unavailable);
}

TEST_CASE("Q10: a workload of another namespace is refused, or warned about, as configured") {
    fixture enforced;
    REQUIRE(enforced.post(R"({"workloads":["a"],"namespaces":["prod"],"value":"x"})"));
    CHECK(enforced.fetch("a", "prod")->status == 200);
    CHECK(enforced.fetch("a", "dev").error().code == errc::denied);
    CHECK(enforced.fetch("a", "").error().code == errc::denied);  // an identity without a namespace is in none
    REQUIRE(enforced.post(R"({"workloads":["a"],"namespaces":["*"],"value":"x"})"));
    CHECK(enforced.fetch("a", "dev")->status == 200);
    fixture warned(config::namespace_isolation::warn);
    REQUIRE(warned.post(R"({"workloads":["a"],"namespaces":["prod"],"value":"x"})"));
    CHECK(warned.fetch("a", "dev")->status == 200);
}

TEST_CASE("Q28 Q50 Q51: what cannot be done is refused with a sentence, and nothing is stored") {
    fixture f;
    for (auto const* bad : {
             R"({"workloads":["a"],"value":""})", R"({"workloads":[],"value":"x"})", R"({"workloads":["a"],"value":"x","notBefore":"tomorrow"})",
             R"({"workloads":["a"],"value":"x","expires":"2024-13-01T00:00:00Z"})", R"({"workloads":["a"],"value":"x","notBefore":"2030-01-01T00:00:00Z","expires":"2029-01-01T00:00:00Z"})",
             R"({"workloads":["../etc"],"value":"x"})", R"({"workloads":["a\u0000b"],"value":"x"})", R"({"workloads":[""],"value":"x"})", R"({"workloads":["a",".."],"value":"x"})",
             R"({"workloads":["a"],"value":"x","format":"xml"})", R"({"workloads":["a"],"value":7})", R"({"workloads":"a)", "", R"({"workloads":["vsecm-safe"],"value":"x"})",
             R"({"workloads":["a"],"value":"not base64","encrypt":true})", R"({"workloads":["a"],"value":"x","namespaces":["a/b"]})"}) {
        auto const refused = f.post(bad);
        INFO(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == errc::invalid);
        CHECK_FALSE(refused.error().what.empty());
    }
    CHECK(f.safe->secrets().num_present() == 0);
}

TEST_CASE("a value beyond the limit is too large") {
    fixture f;
    std::string const big(f.settings.limits.max_value_len + 1, 'x');
    CHECK(f.post(R"({"workloads":["a"],"value":")" + big + "\"}").error().code == errc::too_large);
}

TEST_CASE("encrypt only, and what it printed registered again") {
    fixture f;
    auto const sealed = f.post(R"({"value":"secret words","encrypt":true})");
    REQUIRE(sealed);
    auto const text = body_of(sealed);
    CHECK(text.starts_with("YWdlLWVuY3J5cHRpb24ub3Jn"));  // base64 of an age file
    REQUIRE(f.post(R"({"workloads":["a"],"encrypt":true,"value":")" + text + "\"}"));
    CHECK(body_of(f.fetch("a")).contains("secret words"));
    CHECK(f.post(R"({"value":"","encrypt":true})").error().code == errc::invalid);
}

TEST_CASE("the encrypted list exports the value as it was given, several as an array") {
    fixture f;
    REQUIRE(f.post(R"({"workloads":["b"],"value":" spaced "})"));
    REQUIRE(f.post(R"({"workloads":["a"],"value":"1"})"));
    REQUIRE(f.post(R"({"workloads":["a"],"value":"2","append":true,"appendValue":true})"));
    auto const exported = f.run(handle_list_encrypted(*f.safe));
    REQUIRE(exported);
    auto const list = api::parse_secret_list(base::secret_text(exported->body.view()));
    REQUIRE(list);
    CHECK(list->algorithm == "age");
    REQUIRE(list->secrets.size() == 2);
    auto const open = [&](std::string const& sealed) { return std::string(f.safe->cipher().decrypt(base::base64_decode(sealed).value()).value().view()); };
    CHECK(open(list->secrets[0].encrypted.at(0)) == R"(["2","1"])");
    CHECK(open(list->secrets[1].encrypted.at(0)) == " spaced ");
    auto const plain = handle_list(*f.safe);
    CHECK_FALSE(body_of(plain).contains("spaced"));
}

TEST_CASE("Q1: deleting acts, and says when there was nothing") {
    fixture f;
    REQUIRE(f.post(R"({"workloads":["a"],"value":"x"})"));
    auto const both = f.remove(R"({"workloads":["a","never"]})");
    CHECK(body_of(both) == "OK");
    CHECK(header(*both, "Vsecm-Warning").contains("never"));
    CHECK(f.fetch("a")->status == 404);
    CHECK(f.remove(R"({"workloads":[]})").error().code == errc::invalid);
}

TEST_CASE("versions are listed, gone back to and brought back from a deletion; what is not there is never a 404") {
    fixture f(config::namespace_isolation::enforce, "file");
    f.post(R"({"workloads":["a b"],"value":"one"})").value();
    f.post(R"({"workloads":["a b"],"value":"two","appendValue":true})").value();
    f.post(R"({"workloads":["a b"],"value":"three"})").value();
    CHECK(body_of(f.versions("name=a%20b")) ==
          R"({"name":"a b","versions":[{"version":3,"state":"current","updated":"2024-01-02T15:04:05Z","size":5},)"
          R"({"version":2,"state":"earlier","updated":"2024-01-02T15:04:05Z","size":13},)"
          R"({"version":1,"state":"earlier","updated":"2024-01-02T15:04:05Z","size":3}]})");
    CHECK(f.names == std::vector<std::string>{"a b"});
    using api::route;
    CHECK(f.restore(route::rollback, R"({"workloads":["a b"],"version":2,"ifVersion":2})").error().code == errc::conflict);
    CHECK(body_of(f.restore(route::rollback, R"({"workloads":["a b"],"version":2,"ifVersion":3})")) == "OK");
    CHECK(f.names == std::vector<std::string>{"a b"});
    CHECK(body_of(f.fetch("a b")).contains(R"([\"two\",\"one\"])"));
    f.remove(R"({"workloads":["a b"]})").value();
    CHECK(f.restore(route::rollback, R"({"workloads":["a b"],"version":1})").error().code == errc::not_found);
    CHECK(body_of(f.restore(route::undelete, R"({"workloads":["a b","a b"]})")) == "OK");
    CHECK(body_of(f.fetch("a b")).contains(R"([\"two\",\"one\"])"));

    CHECK(f.versions("name=nobody").error().code == errc::not_found);
    CHECK(f.restore(route::undelete, R"({"workloads":["nobody"]})").error().code == errc::not_found);
    CHECK(failure({errc::not_found, ""}).status == 400);
    CHECK(f.restore(route::undelete, R"({"workloads":["a b"]})").error().code == errc::conflict);
    for (auto const* query : {"", "name=", "other=a", "name=%zz", "name=a%00b"}) CHECK(f.versions(query).error().code == errc::invalid);
    for (auto const* body : {"{}", R"({"workloads":["a b"]})", R"({"workloads":["a b"],"version":0})", R"({"workloads":[""],"version":1})"})
        CHECK(f.restore(route::rollback, body).error().code == errc::invalid);
    CHECK(f.restore(route::undelete, R"({"workloads":["a b"],"version":1})").error().code == errc::invalid);
}

TEST_CASE("a safe that keeps all in memory has no versions to go back to") {
    fixture f;
    f.post(R"({"workloads":["app"],"value":"one"})").value();
    f.post(R"({"workloads":["app"],"value":"two"})").value();
    CHECK(body_of(f.versions("name=app")) == R"({"name":"app","versions":[{"version":2,"state":"current","updated":"2024-01-02T15:04:05Z","size":3}]})");
    CHECK(f.restore(api::route::rollback, R"({"workloads":["app"],"version":1})").error().code == errc::not_found);
    f.remove(R"({"workloads":["app"]})").value();
    CHECK(f.restore(api::route::undelete, R"({"workloads":["app"]})").error().code == errc::not_found);
}

TEST_CASE("a thousand warnings make no header that a client would not read") {
    fixture f;
    std::string names;
    for (int i = 0; i < 1000; ++i) names += (i == 0 ? "\"" : ",\"") + std::string(150, 'n') + std::to_string(i) + "\"";
    auto const done = f.remove("{\"workloads\":[" + names + "]}");
    CHECK(body_of(done) == "OK");
    std::size_t len = 0;
    for (auto const& [name, value] : done->headers) len += name.size() + value.size() + 4;
    CHECK(len < 16 * 1024);
    CHECK(done->headers.back().second.contains("more"));
}

TEST_CASE("keystone is ready once its mark is there") {
    fixture f;
    CHECK(body_of(handle_keystone(*f.safe)) == R"({"status":"pending"})");
    REQUIRE(f.post(R"({"workloads":["vsecm-keystone"],"namespaces":["vsecm-system"],"value":"keystone-init"})"));
    CHECK(body_of(handle_keystone(*f.safe)) == R"({"status":"ready"})");
}

TEST_CASE("Q17: a posted root key is validated before anything else") {
    auto const good = crypto::root_key::generate();
    auto lines = good.print();
    auto const text = std::string(lines.view());
    auto const first = text.find('\n'), second = text.find('\n', first + 1);
    auto const json = [&](std::string_view a, std::string_view b, std::string_view c) {
        return fixture::request(R"({"ageSecretKey":")" + std::string(a) + R"(","agePublicKey":")" + std::string(b) + R"(","aesCipherKey":")" + std::string(c) + "\"}");
    };
    auto const identity = text.substr(0, first), recipient = text.substr(first + 1, second - first - 1), seed = text.substr(second + 1);
    auto right = json(identity, recipient, seed);
    CHECK(parse_posted_key(right)->id() == good.id());
    auto const other = crypto::root_key::generate();
    auto mismatched = json(identity, other.recipient().print(), seed);
    CHECK(parse_posted_key(mismatched).error().code == errc::invalid);
    auto missing = json(identity, recipient, "");
    CHECK(parse_posted_key(missing).error().code == errc::invalid);
    auto odd = json(identity, recipient, "zz");
    CHECK(parse_posted_key(odd).error().code == errc::invalid);
}

TEST_CASE("Q10: the scout receives raw secrets only; one as it is, several as records") {
    fixture f;
    REQUIRE(f.post(R"({"workloads":["plain"],"value":"hidden"})"));
    CHECK(f.scout()->status == 404);
    REQUIRE(f.post(R"({"workloads":["raw:one"],"value":"1"})"));
    CHECK(body_of(f.scout()) == R"({"data":"1","created":"","updated":""})");
    REQUIRE(f.post(R"({"workloads":["raw:two"],"value":"2"})"));
    auto const both = body_of(f.scout());
    CHECK(both.contains("raw:two"));
    CHECK(both.contains("Format"));
    CHECK_FALSE(both.contains("hidden"));
}

TEST_CASE("a damaged raw secret is no absent one: the scout is told, and never with a 404") {
    fixture f(config::namespace_isolation::enforce, "file");
    REQUIRE(f.post(R"({"workloads":["raw:one","raw:two","plain","other"],"value":"x"})"));
    auto const damage = [&](std::string const& name) {
        std::ofstream(f.folder / ("data/" + name + ".age")) << "not an age file";
        f.open();
    };
    damage("plain");
    CHECK(body_of(f.scout()).contains("raw:two"));
    damage("raw:two");
    REQUIRE_FALSE(f.scout());
    CHECK(f.scout().error().code == errc::corrupt);
    damage("raw:one");
    CHECK(f.scout().error().code == errc::corrupt);
    REQUIRE(f.remove(R"({"workloads":["raw:one"]})"));
    CHECK(f.scout().error().code == errc::corrupt);
    REQUIRE(f.remove(R"({"workloads":["raw:two"]})"));
    CHECK(header(*f.scout(), "Vsecm-Reason") == "deleted");
}

TEST_CASE("the scout's 404 says why there is nothing") {
    fixture f;
    f.settings.enforce_dates = true;
    CHECK(header(*f.scout(), "Vsecm-Reason") == "absent");
    REQUIRE(f.post(R"({"workloads":["raw:over"],"value":"x","expires":"2024-01-02T15:04:20Z"})"));
    REQUIRE(f.post(R"({"workloads":["raw:to-come"],"value":"x","notBefore":"2024-01-02T16:00:00Z"})"));
    CHECK(f.scout()->status == 200);
    f.clock.advance(std::chrono::seconds{16});
    CHECK(header(*f.scout(), "Vsecm-Reason") == "not-yet");
    REQUIRE(f.remove(R"({"workloads":["raw:to-come"]})"));
    CHECK(header(*f.scout(), "Vsecm-Reason") == "expired");
    REQUIRE(f.remove(R"({"workloads":["raw:over"]})"));
    CHECK(header(*f.scout(), "Vsecm-Reason") == "deleted");
}

TEST_CASE("Q32: a clerk writes raw names and no others") {
    fixture f;
    auto const clerk = [&](std::string_view body) {
        auto r = fixture::request(body);
        request_context ctx;
        ctx.who = {spiffe::caller_kind::clerk, "vsecm-clerk", "default"};
        return f.run(handle_clerk_upsert(*f.safe, ctx, r));
    };
    CHECK(body_of(clerk(R"({"key":"raw:x","data":"v"})")) == "{}");
    CHECK(clerk(R"({"key":"billing","data":"v"})").error().code == errc::denied);
    CHECK(clerk(R"({"key":"k8s:x","data":"v"})").error().code == errc::denied);
    CHECK(clerk(R"({"key":"raw:x","data":""})").error().code == errc::invalid);
    CHECK(clerk(R"({"key":"raw:x"})").error().code == errc::invalid);
}

TEST_CASE("no secret becomes the root key's") {
    fixture f;
    f.settings.system_namespace = "default";
    f.settings.root_key_name = "the-key";
    f.open();
    for (auto const* spaces : {R"(["default"])", R"(["a","default"])", R"([""])", "[]"})
        for (auto const* append : {"true", "false"}) {
            auto const refused = f.post(std::format(R"({{"workloads":["a","k8s:the-key"],"namespaces":{},"value":"x","appendValue":{}}})", spaces, append));
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == errc::denied);
            CHECK(refused.error().what.contains("Secret default/the-key"));
        }
    CHECK(f.fetch("a")->status == 404);
    CHECK(f.post(R"({"workloads":["k8s:the-key"],"namespaces":["a"],"value":"x"})"));
    CHECK(f.post(R"({"workloads":["the-key"],"value":"x"})"));
}

TEST_CASE("a warning header cannot carry a line break") {
    net::http_response r;
    add_warning(r, "a\r\nSet-Cookie: x\xc3\xa9");
    CHECK(r.headers.at(0).second == "a??Set-Cookie: x??");
}
