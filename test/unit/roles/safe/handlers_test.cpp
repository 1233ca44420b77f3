// Handlers without a socket: a vault in memory, plain requests, plain answers.
#include "api/messages.hpp"
#include "base/encoding.hpp"
#include "codec/json_reader.hpp"
#include "roles/safe/handlers/handler.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sodium.h>

#include <functional>
#include <set>

using namespace vsecm;
using namespace vsecm::roles::safe;
using base::errc;

namespace {

// Never holds: the deadline has always passed. `during` happens while the request would be held.
struct still_exchange final : net::http_exchange {
    net::executor loop;
    std::function<void()> during;
    bool ends = false;
    explicit still_exchange(net::executor l) : loop(std::move(l)) {}
    net::executor get_executor() override { return loop; }
    std::size_t loop_index() const noexcept override { return 0; }
    bool stopping() const noexcept override { return ends; }
    net::awaitable<base::result<bool>> hold(net::wake_signal&, net::steady_clock::time_point) override {
        if (ends) co_return base::fail(errc::cancelled, "stopping");
        if (auto act = std::exchange(during, nullptr)) {
            act();
            co_return true;
        }
        co_return false;
    }
};

struct fixture {
    test::temp_folder folder;
    net::asio::io_context io{1};
    base::manual_clock clock{base::parse_rfc3339("2024-01-02T15:04:05Z").value()};
    config::safe_settings settings;
    std::unique_ptr<vault> safe;
    still_exchange exchange{io.get_executor()};

    explicit fixture(config::namespace_isolation isolation = config::namespace_isolation::enforce, std::string store = "memory") {
        REQUIRE(sodium_init() >= 0);
        std::vector<std::string> warnings;
        auto loaded = config::safe_settings::load(
            base::environment({{"VSECM_SAFE_BACKING_STORE", store}, {"VSECM_SAFE_DATA_PATH", folder / "data"}}), warnings);
        REQUIRE(loaded);
        settings = *loaded;
        settings.isolation = isolation;
        auto key = std::make_shared<crypto::root_key const>(crypto::root_key::generate());
        auto opened = vault::open(settings, key, true, clock);
        REQUIRE(opened);
        safe = *std::move(opened);
        safe->prepare_hubs(1);
        safe->add_hub(0, io.get_executor());
    }

    template <class T>
    T run(net::awaitable<T> work) {
        std::optional<T> out;
        net::asio::co_spawn(io.get_executor(), std::move(work), [&](std::exception_ptr failed, T value) {
            if (failed) std::rethrow_exception(failed);
            out.emplace(std::move(value));
        });
        io.restart();
        while (!out) io.run_one();
        return *std::move(out);
    }

    static net::http_request request(std::string_view body) {
        net::http_request r;
        r.body = base::secret_text(body);
        return r;
    }
    answer post(std::string_view body) {
        auto r = request(body);
        request_context ctx;
        return run(handle_upsert(*safe, ctx, r));
    }
    answer remove(std::string_view body) {
        auto r = request(body);
        request_context ctx;
        return run(handle_remove(*safe, ctx, r));
    }
    answer versions(std::string query) {
        auto r = request("");
        r.query = std::move(query);
        request_context ctx;
        ctx.route = api::route::versions;
        auto given = run(handle_versions(*safe, ctx, r));
        names = ctx.names;
        return given;
    }
    answer restore(api::route route, std::string_view body) {
        auto r = request(body);
        request_context ctx;
        ctx.route = route;
        auto given = run(handle_restore(*safe, ctx, r));
        names = ctx.names;
        return given;
    }
    std::vector<std::string> names;  // what the audit would say of the last of these two
    answer fetch(std::string name, std::string space = "default", std::string etag = {}, std::string query = {}) {
        auto r = request("");
        if (!etag.empty()) r.fields.add("If-None-Match", etag);
        r.query = std::move(query);
        request_context ctx;
        ctx.who = {spiffe::caller_kind::workload, std::move(name), space.empty() ? std::nullopt : std::optional(std::move(space))};
        return run(handle_fetch(*safe, ctx, r, exchange));
    }
};

std::string header(net::http_response const& r, std::string_view name) {
    for (auto const& [key, value] : r.headers)
        if (key == name) return value;
    return {};
}

std::string body_of(answer const& a) { return a ? std::string(a->body.view()) : "error: " + a.error().what; }

}  // namespace

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
    auto const scout = [&] {
        auto r = fixture::request("");
        request_context ctx;
        ctx.who = {spiffe::caller_kind::scout, "vsecm-scout", "vsecm-system"};
        return f.run(handle_fetch(*f.safe, ctx, r, f.exchange));
    };
    REQUIRE(f.post(R"({"workloads":["plain"],"value":"hidden"})"));
    CHECK(scout()->status == 404);
    REQUIRE(f.post(R"({"workloads":["raw:one"],"value":"1"})"));
    CHECK(body_of(scout()) == R"({"data":"1","created":"","updated":""})");
    REQUIRE(f.post(R"({"workloads":["raw:two"],"value":"2"})"));
    auto const both = body_of(scout());
    CHECK(both.contains("raw:two"));
    CHECK(both.contains("Format"));
    CHECK_FALSE(both.contains("hidden"));
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

TEST_CASE("a warning header cannot carry a line break") {
    net::http_response r;
    add_warning(r, "a\r\nSet-Cookie: x\xc3\xa9");
    CHECK(r.headers.at(0).second == "a??Set-Cookie: x??");
}
