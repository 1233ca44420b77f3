#include "store/kube_mirror.hpp"

#include "fakes/api_server.hpp"
#include "fakes/forgetful_files.hpp"
#include "support/run_loop.hpp"
#include "unit/store/fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace vsecm;
using namespace vsecm::store;
using namespace vsecm::store::testing;
using namespace std::chrono_literals;
using test::fake_answer, test::fake_request, test::fake_secret;
using texts = std::map<std::string, std::string>;

namespace {

change put_in(std::string name, std::string_view value, std::vector<std::string> spaces) {
    auto c = put(std::move(name), value);
    c.meta.namespaces = std::move(spaces);
    return c;
}

// What outlives a mirror, and one mirror after the other.
struct world {
    test::api_server server;
    test::run_loop loop;
    fakes::forgetful_files files;
    base::manual_clock clock{base::parse_rfc3339("2026-01-02T03:04:05Z").value()};
    std::unique_ptr<secret_store> secrets;
    std::optional<watch_hub> hub;
    std::optional<kube_mirror> mirror;
    mirror_options options;
    int num_lanes = 0;

    explicit world(bool delete_secrets = false) {
        options.delete_secrets = delete_secrets;
        options.sync_interval = 1h;
        options.retry = {.first = 10ms, .factor = 2, .cap = 40ms, .max_attempts = {}};
        for (auto const* space : {"a", "b", "c"}) server.add_namespace(space);
        open_store();
    }
    ~world() {
        if (mirror) mirror->stop();
        loop.context.restart();
        loop.context.poll();
    }

    void open_store() {
        store_options of_store;
        if (options.delete_secrets) of_store.mirrored_prefix = options.prefix;
        secrets = try_open(options_on(files), test_cipher(), std::move(of_store), clock).value();
        hub.emplace(*secrets, loop.executor());
    }
    void start() {
        kube::service_account_options account;
        account.folder = server.account_folder();
        auto there = std::make_shared<kube::service_account>(net::endpoint{"127.0.0.1", static_cast<std::uint16_t>(server.port()), {}}, account);
        mirror.emplace(*secrets, *hub, std::move(there), loop.executor(),
                       [this](net::awaitable<void> work) { run_lane(std::move(work)); }, options);
        mirror->start();
    }
    // A server would end with a lane that throws.
    void run_lane(net::awaitable<void> work) {
        ++num_lanes;
        net::asio::co_spawn(loop.context, std::move(work), [this](std::exception_ptr thrown) {
            --num_lanes;
            if (thrown) std::rethrow_exception(thrown);
        });
    }
    void restart() {
        mirror->stop();
        start();
    }
    // Everything of the process ends, and the next one begins with what is on the disk.
    void restart_all() {
        mirror->stop();
        loop.until_seen([&] { return num_lanes == 0; });
        mirror.reset();
        hub.reset();
        secrets.reset();
        open_store();
        start();
    }
    void pass_time(std::chrono::seconds time) {
        clock.advance(time);
        secrets->look_at_dates();
    }
    void commit(change c) {
        auto done = secrets->commit_and_wait(request(std::move(c)));
        if (!done) FAIL(done.error().what);
    }
    bool is(std::string const& name, std::string const& space, mirror_state wanted) const {
        for (auto const& e : mirror->table().entries(100))
            if (e.name == name && e.space == space) return e.state == wanted;
        return false;
    }
    std::string why(std::string const& name, std::string const& space) const {
        for (auto const& e : mirror->table().entries(100))
            if (e.name == name && e.space == space) return e.why;
        return "no such entry";
    }
    void until_synced(std::string const& name, std::string const& space) {
        loop.until_seen([&] { return is(name, space, mirror_state::synced); });
    }
    void until_failing(std::string const& name, std::string const& space) {
        loop.until_seen([&] { return is(name, space, mirror_state::failing); });
    }
    void until_gone(std::string const& space, std::string const& secret) {
        loop.until_seen([&] { return !server.find(space, secret).has_value(); });
    }
    texts data(std::string const& space, std::string const& secret) const {
        auto const there = server.find(space, secret);
        return there ? there->data : texts{{"there is", "none"}};
    }
};

}  // namespace

TEST_CASE("a name with the prefix becomes a Secret in each of its namespaces, and follows it") {
    world w;
    w.start();
    w.commit(put_in("k8s:db", R"({"user":"root","password":"a,b"})", {"a", "b"}));
    w.commit(put_in("plain", "x", {"a"}));
    w.until_synced("k8s:db", "a");
    w.until_synced("k8s:db", "b");
    for (auto const* space : {"a", "b"}) CHECK(w.data(space, "db") == texts{{"user", "root"}, {"password", "a,b"}});
    CHECK(w.server.find("a", "db")->labels == texts{{"app.kubernetes.io/operated-by", "vsecm"}});
    CHECK_FALSE(w.server.find("a", "plain"));
    CHECK_FALSE(w.server.find("c", "db"));
    w.commit(put_in("k8s:db", "now a text", {"a", "b"}));
    w.loop.until_seen([&] { return w.data("b", "db") == texts{{"VALUE", "now a text"}} && w.data("a", "db") == w.data("b", "db"); });
    w.loop.until_seen([&] { return w.mirror->table().counts().synced == 2; });
    CHECK(w.mirror->table().entries(10).at(0).version == 2);
    CHECK(w.mirror->table().state_of("k8s:db") == mirror_state::synced);
    CHECK(w.mirror->table().state_of("k8s:d") == mirror_state::waiting);
}

TEST_CASE("a template makes the keys, whatever the format, and whatever an original stored as delivered") {
    world w;
    w.start();
    auto c = put_in("k8s:db", R"({"username":"root","password":"a,b"})", {"a"});
    c.meta.template_text = R"({"USER":"{{.username}}","PASS":"{{.password}}","GONE":"{{.missing}}"})";
    c.meta.format = "yaml";
    c.delivered = base::secret_text(std::string_view(R"({"username":"root","password":"a,b"})"));
    w.commit(std::move(c));
    w.until_synced("k8s:db", "a");
    CHECK(w.data("a", "db") == texts{{"USER", "root"}, {"PASS", "a,b"}, {"GONE", "<no value>"}});
    // Q18: it fails, and the fields are as they were given.
    c = put_in("k8s:db", R"({"username":"root"})", {"a"});
    c.meta.template_text = "{{.username";
    w.commit(std::move(c));
    w.loop.until_seen([&] { return w.data("a", "db") == texts{{"username", "root"}}; });
}

TEST_CASE("Q21: a namespace that refuses, fails or hangs delays no other") {
    world w;
    w.options.request_timeout = 300ms;
    w.server.follow([](fake_request const& r) -> std::optional<fake_answer> {
        if (r.space == "a") return fake_answer{.status = 500};
        if (r.space == "b") return fake_answer{.status = 200, .pause = 30s};
        return std::nullopt;
    });
    w.server.forbid("default", {"get", "patch", "create"});
    w.start();
    w.commit(put_in("k8s:db", "1", {"a", "b", "nowhere", "default", "c"}));
    w.until_synced("k8s:db", "c");
    w.until_failing("k8s:db", "b");
    for (auto const& [space, reason] : {std::pair{"a", "500"}, {"nowhere", "does not exist"}, {"default", "403"}})
        w.loop.until_seen([&] { return w.why("k8s:db", space).contains(reason); });
    CHECK(w.mirror->table().state_of("k8s:db") == mirror_state::failing);
    CHECK(w.mirror->table().entries(1).at(0).state == mirror_state::failing);
    // And each is tried again until it works.
    w.server.follow(nullptr);
    w.server.allow_everything();
    w.server.add_namespace("nowhere");
    for (auto const* space : {"a", "b", "nowhere", "default"}) w.until_synced("k8s:db", space);
    CHECK(w.mirror->table().counts().synced == 5);
}

TEST_CASE("one Secret that cannot be written does not hold up its namespace") {
    world w;
    w.server.put("a", "theirs", {.data = {{"x", "y"}}});
    w.start();
    w.commit(put_in("k8s:theirs", "1", {"a"}));
    w.commit(put_in("k8s:odd", R"({"not a key":"1"})", {"a"}));
    w.commit(put_in("k8s:Bad_Name", "1", {"a"}));
    w.commit(put_in("k8s:good", "1", {"a"}));
    w.until_synced("k8s:good", "a");
    for (auto const* name : {"k8s:theirs", "k8s:odd", "k8s:Bad_Name"}) w.until_failing(name, "a");
    CHECK(w.why("k8s:theirs", "a").contains("somebody else's"));
    CHECK(w.data("a", "theirs") == texts{{"x", "y"}});
    CHECK(w.mirror->table().counts().failing == 3);
    auto const by_space = w.mirror->table().counts_by_space();
    REQUIRE(by_space.size() == 1);
    CHECK(by_space.at("a").failing == 3);
    CHECK(by_space.at("a").synced == 1);
    // Handed over, it is synced without another word from the operator.
    w.server.edit("a", "theirs", [](fake_secret& s) { s.labels["app.kubernetes.io/operated-by"] = "vsecm"; });
    w.until_synced("k8s:theirs", "a");
    CHECK(w.data("a", "theirs") == texts{{"VALUE", "1"}, {"x", "y"}});
}

TEST_CASE("a server that asks for time gets it") {
    world w;
    w.server.follow([](fake_request const&) { return fake_answer{.status = 429, .retry_after = "1"}; });
    w.start();
    w.commit(put_in("k8s:db", "1", {"a"}));
    w.until_failing("k8s:db", "a");
    auto const asked_at = std::chrono::steady_clock::now();
    w.server.follow(nullptr);
    w.until_synced("k8s:db", "a");
    CHECK(std::chrono::steady_clock::now() - asked_at > 500ms);
}

TEST_CASE("Q41: drift is repaired periodically, and at the start") {
    world w;
    w.options.sync_interval = 20ms;
    w.start();
    w.commit(put_in("k8s:db", "1", {"a"}));
    w.until_synced("k8s:db", "a");
    w.server.edit("a", "db", [](fake_secret& s) { s.data["VALUE"] = "changed"; });
    w.loop.until_seen([&] { return w.data("a", "db") == texts{{"VALUE", "1"}}; });
    w.server.remove("a", "db");
    w.loop.until_seen([&] { return w.data("a", "db") == texts{{"VALUE", "1"}}; });

    world late;
    late.commit(put_in("k8s:db", "1", {"a"}));
    late.server.put("a", "db", {.data = {{"VALUE", "0"}}, .labels = {{"app.kubernetes.io/operated-by", "vsecm"}}}, "vsecm-safe Update");
    late.start();
    late.until_synced("k8s:db", "a");
    CHECK(late.data("a", "db") == texts{{"VALUE", "1"}});
}

TEST_CASE("Q41: deleted secrets leave their Secrets behind, unless it is said otherwise") {
    world keeps;
    keeps.start();
    keeps.commit(put_in("k8s:db", "1", {"a", "b"}));
    for (auto const* space : {"a", "b"}) keeps.until_synced("k8s:db", space);
    keeps.commit(removal("k8s:db"));
    keeps.loop.until_seen([&] { return keeps.mirror->table().entries(10).empty(); });
    CHECK(keeps.data("a", "db") == texts{{"VALUE", "1"}});
    CHECK(keeps.server.count("delete") == 0);

    world removes(true);
    removes.start();
    removes.commit(put_in("k8s:db", "1", {"a", "b"}));
    for (auto const* space : {"a", "b"}) removes.until_synced("k8s:db", space);
    removes.commit(put_in("k8s:db", "1", {"a"}));
    removes.until_gone("b", "db");
    CHECK(removes.server.find("a", "db"));
    removes.commit(removal("k8s:db"));
    removes.until_gone("a", "db");
    removes.loop.until_seen([&] { return removes.mirror->table().entries(10).empty(); });
    // Somebody else's of that name, put there since, is not touched.
    removes.server.put("a", "db", {.data = {{"x", "y"}}});
    removes.restart();
    removes.loop.until_seen([&] { return removes.mirror->table().entries(10).empty(); });
    CHECK(removes.data("a", "db") == texts{{"x", "y"}});
}

TEST_CASE("a deletion that the cluster did not take is made up for, after a restart too") {
    world w(true);
    w.start();
    w.commit(put_in("k8s:db", "1", {"a"}));
    w.until_synced("k8s:db", "a");
    w.server.forbid("*", {"delete"});
    w.commit(removal("k8s:db"));
    w.until_failing("k8s:db", "a");
    CHECK(w.why("k8s:db", "a").contains("may not delete"));
    w.restart();
    w.until_failing("k8s:db", "a");
    w.server.allow_everything();
    w.until_gone("a", "db");
    w.loop.until_seen([&] { return w.mirror->table().entries(10).empty(); });
}

TEST_CASE("a namespace that was taken from a name loses its Secret, though safe be restarted before the cluster takes it") {
    world w(true);
    w.start();
    w.commit(put_in("k8s:db", "1", {"a", "b"}));
    for (auto const* space : {"a", "b"}) w.until_synced("k8s:db", space);
    w.server.follow([](fake_request const&) { return fake_answer{.status = 503}; });
    w.commit(put_in("k8s:db", "2", {"a"}));
    w.commit(put_in("k8s:db", "3", {"a", "c"}));  // what waits is not forgotten by a later write
    w.until_failing("k8s:db", "b");
    w.restart_all();
    w.until_failing("k8s:db", "b");
    CHECK(w.server.find("b", "db"));
    w.server.follow(nullptr);
    w.until_gone("b", "db");
    for (auto const* space : {"a", "c"}) w.until_synced("k8s:db", space);
    CHECK(w.data("a", "db") == texts{{"VALUE", "3"}});
    // And then that is settled, on the disk too: one that stands there later, of another safe perhaps, is not looked at.
    w.loop.until_seen([&] { return w.secrets->find("k8s:db")->meta->leaving.empty(); });
    CHECK(w.secrets->find("k8s:db")->version == 3);
    w.server.put("b", "db", {.data = {{"x", "y"}}, .labels = {{"app.kubernetes.io/operated-by", "vsecm"}}}, "vsecm Update");
    w.restart_all();
    w.until_synced("k8s:db", "a");
    CHECK(w.mirror->table().entries(10).size() == 2);
    CHECK(w.data("b", "db") == texts{{"x", "y"}});
}

TEST_CASE("a namespace that comes back to a name before its Secret went keeps it") {
    world w(true);
    w.start();
    w.commit(put_in("k8s:db", "1", {"a", "b"}));
    w.until_synced("k8s:db", "b");
    w.server.forbid("b", {"delete"});
    w.commit(removal("k8s:db"));
    w.until_failing("k8s:db", "b");
    w.commit(put_in("k8s:db", "2", {"b"}));
    w.server.allow_everything();
    w.until_synced("k8s:db", "b");
    w.until_gone("a", "db");
    w.loop.until_seen([&] { return w.secrets->find("k8s:db")->meta->leaving.empty(); });
    w.restart_all();
    w.until_synced("k8s:db", "b");
    CHECK(w.data("b", "db") == texts{{"VALUE", "2"}});
}

TEST_CASE("where Secrets are retained, a namespace that was taken keeps its own, over a restart too") {
    world w;
    w.start();
    w.commit(put_in("k8s:db", "1", {"a", "b"}));
    w.until_synced("k8s:db", "b");
    w.commit(put_in("k8s:db", "2", {"a"}));
    w.loop.until_seen([&] { return w.mirror->table().entries(10).size() == 1; });
    CHECK(w.secrets->find("k8s:db")->meta->leaving.empty());
    w.restart_all();
    w.until_synced("k8s:db", "a");
    CHECK(w.data("b", "db") == texts{{"VALUE", "1"}});
    CHECK(w.server.count("delete") == 0);
}

TEST_CASE("with dates enforced, a Secret has its value from the one date to the other, at the moment of each") {
    bool const deletes = GENERATE(false, true);
    world w(deletes);
    w.options.enforce_dates = true;
    w.start();
    w.commit(put_in("k8s:db", "old", {"a", "b"}));
    for (auto const* space : {"a", "b"}) w.until_synced("k8s:db", space);
    w.server.edit("b", "db", [](fake_secret& s) { s.data["theirs"] = "x"; });
    auto const is_withheld = [&] {
        if (w.data("b", "db") != texts{{"theirs", "x"}}) return false;
        return deletes ? !w.server.find("a", "db").has_value() : w.data("a", "db").empty();
    };
    auto c = put_in("k8s:db", "new", {"a", "b", "c"});
    c.not_before = w.clock.now() + 1h;
    c.expires = w.clock.now() + 2h;
    w.commit(std::move(c));
    w.loop.until_seen(is_withheld);
    w.until_synced("k8s:db", "c");
    CHECK_FALSE(w.server.find("c", "db"));  // none is made before its time
    w.pass_time(59min);
    w.restart();
    w.loop.until_seen([&] { return w.mirror->table().counts().synced == 3; });
    CHECK(is_withheld());
    w.pass_time(1min);
    w.loop.until_seen([&] { return w.data("a", "db") == texts{{"VALUE", "new"}} && w.data("c", "db") == w.data("a", "db"); });
    w.loop.until_seen([&] { return w.data("b", "db") == texts{{"VALUE", "new"}, {"theirs", "x"}}; });
    w.pass_time(1h);
    w.loop.until_seen(is_withheld);
    w.restart_all();
    w.loop.until_seen([&] { return w.mirror->table().counts().synced == 3; });
    CHECK(is_withheld());
    CHECK(w.data("c", "db") == (deletes ? texts{{"there is", "none"}} : texts{}));
    // A write with other dates brings it back; what an original would do is what is done without enforcement.
    w.commit(put_in("k8s:db", "late", {"a"}));
    w.loop.until_seen([&] { return w.data("a", "db") == texts{{"VALUE", "late"}}; });
}

TEST_CASE("dates that are not enforced hold no Secret back") {
    world w;
    w.start();
    auto c = put_in("k8s:db", "1", {"a"});
    c.expires = w.clock.now() - 1h;
    w.commit(std::move(c));
    w.until_synced("k8s:db", "a");
    CHECK(w.data("a", "db") == texts{{"VALUE", "1"}});
}

TEST_CASE("a change during a write is not lost") {
    world w;
    w.start();
    std::atomic<bool> once{false};
    w.server.follow([&](fake_request const& r) -> std::optional<fake_answer> {
        // Committed while the first version is on its way; the writer's thread does it.
        if (r.verb == "create" && !once.exchange(true)) (void)w.secrets->commit_and_wait(request(put_in("k8s:db", "2", {"a"})));
        return std::nullopt;
    });
    w.commit(put_in("k8s:db", "1", {"a"}));
    w.loop.until_seen([&] { return w.data("a", "db") == texts{{"VALUE", "2"}}; });
}

TEST_CASE("many namespaces take turns, and all are served") {
    world w;
    w.options.most_at_once = 2;
    std::vector<std::string> spaces;
    for (int i = 0; i < 12; ++i) {
        spaces.push_back("ns" + std::to_string(i));
        w.server.add_namespace(spaces.back());
    }
    w.start();
    w.commit(put_in("k8s:db", "1", spaces));
    w.loop.until_seen([&] { return w.mirror->table().counts().synced == 12; });
    for (auto const& space : spaces) CHECK(w.data(space, "db") == texts{{"VALUE", "1"}});
}

TEST_CASE("a namespace with much to do gives its turn to one that waits") {
    world w;
    w.options.most_at_once = 1;
    for (auto const* name : {"k8s:1", "k8s:2", "k8s:3"}) w.commit(put_in(name, "v", {"a"}));
    w.commit(put_in("k8s:other", "v", {"b"}));
    w.start();
    w.loop.until_seen([&] { return w.mirror->table().counts().synced == 4; });
    auto const log = w.server.log();
    auto const other = std::ranges::find_if(log, [](auto const& line) { return line.starts_with("create b/"); });
    REQUIRE(other != log.end());
    CHECK(std::count_if(log.begin(), other, [](auto const& line) { return line.starts_with("create a/"); }) == 1);
}

TEST_CASE("a stopped mirror begins nothing new, and all its lanes end") {
    world w;
    w.options.most_at_once = 1;
    w.options.request_timeout = 2s;
    w.server.follow([](fake_request const&) { return fake_answer{.status = 503, .pause = 30s}; });
    w.start();
    w.commit(put_in("k8s:db", "1", {"a", "b", "c"}));
    w.loop.until_seen([&] { return w.server.log().size() == 1 && w.num_lanes == 3; });
    w.mirror->stop();
    w.loop.until_seen([&] { return w.num_lanes == 0; });
    CHECK(w.server.log().size() == 1);
}

TEST_CASE("a Secret there is no memory for fails alone, and is written when there is") {
    world w;
    w.commit(put_in("k8s:large", std::string(900'000, 'x'), {"a"}));
    w.commit(put_in("k8s:small", "1", {"a"}));
    fail_allocations_from(500'000);
    w.start();
    w.until_failing("k8s:large", "a");
    w.until_synced("k8s:small", "a");
    CHECK(w.why("k8s:large", "a").contains("no memory"));
    fail_allocations_from(SIZE_MAX);
    w.until_synced("k8s:large", "a");
    CHECK(w.data("a", "large").at("VALUE").size() == 900'000);
}

TEST_CASE("the Secret of the root key is not touched, though a name and its label say it is ours") {
    auto const key = fake_secret{.data = {{"KEY_TXT", "the key"}}, .labels = {{"app.kubernetes.io/operated-by", "vsecm"}}};
    world w(true);
    w.options.untouchable = {"a", "root-key"};
    w.server.put("a", "root-key", key, "vsecm-safe Update");
    w.commit(put_in("k8s:root-key", R"({"KEY_TXT":"another"})", {"a", "b"}));  // adopted, as it were
    w.start();
    w.until_synced("k8s:root-key", "b");
    w.until_failing("k8s:root-key", "a");
    CHECK(w.why("k8s:root-key", "a").contains("root key"));
    w.commit(put_in("k8s:root-key", R"({"other":"1"})", {"a", "b"}));
    w.loop.until_seen([&] { return w.data("b", "root-key") == texts{{"other", "1"}}; });
    w.commit(removal("k8s:root-key"));
    w.until_gone("b", "root-key");
    w.loop.until_seen([&] { return w.mirror->table().entries(10).empty(); });
    CHECK(w.data("a", "root-key") == key.data);
    for (auto const& line : w.server.log()) CHECK_FALSE(line.contains("a/root-key"));
}
