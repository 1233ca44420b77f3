#include "roles/safe/root_key_secret.hpp"

#include "base/encoding.hpp"
#include "fakes/api_server.hpp"
#include "support/run_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace vsecm;
using namespace vsecm::roles::safe;
using namespace std::chrono_literals;
using base::errc;

namespace {

constexpr auto* space = "vsecm-system";
constexpr auto* name = "vsecm-root-key";

// One safe, as far as its root key goes.
struct starter {
    test::run_loop loop;
    root_key_secret keys;

    starter(test::api_server const& server, std::string mounted, std::chrono::milliseconds patience = 5s, std::string data = {})
        : keys(kube::secrets_api(loop.executor(), account_of(server)), {{space, name}, std::move(mounted), patience, std::move(data)}) {}

    static std::shared_ptr<kube::service_account> account_of(test::api_server const& server) {
        kube::service_account_options options;
        options.folder = server.account_folder();
        return std::make_shared<kube::service_account>(net::endpoint{"127.0.0.1", static_cast<std::uint16_t>(server.port()), {}}, options);
    }
    auto load() { return loop.run(keys.load()); }
    auto start(std::string const& data) { return loop.run(load_or_make_root_key(keys, base::posix_files(), data)); }
};

struct cluster {
    test::api_server server;
    test::temp_folder folder;
    std::string const mounted = folder / "key.txt", data = folder / "data";

    cluster() { server.add_namespace(space); }
    // As the chart makes it.
    void place(std::string const& key_text, std::map<std::string, std::string> annotations = {}) {
        server.put(space, name, {.data = {{"KEY_TXT", key_text}, {"other", "x"}}, .labels = {{"app.kubernetes.io/name", "vsecm"}}, .annotations = std::move(annotations)}, "helm Update");
    }
    void mount(std::string_view text) const { std::ofstream(mounted, std::ios::binary) << text; }
    test::fake_secret there() const { return *server.find(space, name); }
    std::string key_text() const { return there().data.at("KEY_TXT"); }
};

std::string text_of(crypto::root_key const& key) { return std::string(key.print().view()); }

}  // namespace

TEST_CASE("the placeholder becomes a key, in the original's format, and nothing else changes") {
    cluster c;
    c.place("{}", {{"note", "y"}});
    starter first(c.server, c.mounted);
    auto const made = first.start(c.data);
    REQUIRE(made);
    CHECK(c.key_text() == text_of(*made));
    CHECK(std::ranges::count(c.key_text(), '\n') == 2);
    CHECK(c.there().data.at("other") == "x");
    CHECK(c.there().labels == std::map<std::string, std::string>{{"app.kubernetes.io/name", "vsecm"}});
    CHECK(c.there().annotations == std::map<std::string, std::string>{{"note", "y"}});
    CHECK(same_key(*starter(c.server, c.mounted).start(c.data), *made));
}

TEST_CASE("a Secret that is missing, or has no key in it, gets one too") {
    cluster c;
    auto const made = starter(c.server, c.mounted).start(c.data);
    REQUIRE(made);
    CHECK(c.key_text() == text_of(*made));
    cluster empty;
    empty.server.put(space, name, {.type = "Opaque"});
    REQUIRE(starter(empty.server, empty.mounted).start(empty.data));
    CHECK(crypto::root_key::parse(empty.key_text()));
}

TEST_CASE("Q7: the live Secret decides, not the file that is mounted late") {
    cluster c;
    auto const live = crypto::root_key::generate();
    c.place(text_of(live));
    c.mount("{}");
    CHECK(same_key(*starter(c.server, c.mounted).start(c.data), live));
    c.mount(text_of(crypto::root_key::generate()));
    CHECK(same_key(*starter(c.server, c.mounted).start(c.data), live));
    CHECK(c.server.count("update") == 0);
}

TEST_CASE("Q7: of many that start at once, all get the one key that is stored") {
    cluster c;
    c.place("{}");
    std::array<std::string, 6> got;
    {
        std::vector<std::jthread> starters;
        for (auto& text : got) starters.emplace_back([&] {
            if (auto key = starter(c.server, c.mounted).start(c.data)) text = text_of(*key);
        });
    }
    for (auto const& text : got) CHECK(text == c.key_text());
}

TEST_CASE("Q7: no key is made while there are stored secrets") {
    cluster c;
    c.place("{}");
    REQUIRE(base::posix_files().make_folder(c.data, 0700));
    std::ofstream(c.data + "/billing.age") << "x";
    auto const refused = starter(c.server, c.mounted).start(c.data);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::conflict);
    CHECK(refused.error().what.contains("Kubernetes Secret vsecm-system/vsecm-root-key"));
    CHECK(c.key_text() == "{}");
}

TEST_CASE("the mounted copy serves where the Secret cannot be read, or lost its key") {
    cluster c;
    auto const key = crypto::root_key::generate();
    c.mount(text_of(key));
    c.server.forbid(space, {"get"});
    CHECK(same_key(*starter(c.server, c.mounted).start(c.data), key));
    c.server.allow_everything();
    CHECK(same_key(*starter(c.server, c.mounted).start(c.data), key));  // there is no such Secret
    c.place("{}");
    CHECK(same_key(*starter(c.server, c.mounted).start(c.data), key));
    CHECK(c.key_text() == "{}");
    CHECK(c.server.count("create") + c.server.count("update") + c.server.count("patch") == 0);
}

TEST_CASE("a mounted copy from before a rotation is not used") {
    cluster c;
    auto const before = crypto::root_key::generate();
    auto const after = crypto::root_key::generate().in_place_of(before);
    auto const load = [&] { return starter(c.server, c.mounted, 500ms, c.data).load(); };
    auto const last_used = [&](crypto::root_key const& key) { std::ofstream(c.data + "/.vsecm/key-id") << key.id() << "\n"; };
    std::filesystem::create_directories(c.data + "/.vsecm");
    last_used(after);
    c.mount(text_of(before));
    c.server.forbid(space, {"get"});
    CHECK(load().error().code == errc::denied);
    c.server.allow_everything();
    c.place("{}");
    CHECK_FALSE(load()->has_value());  // and none is made in its place: there are secrets
    std::ofstream(c.data + "/billing.age") << "x";
    CHECK(starter(c.server, c.mounted, 500ms, c.data).start(c.data).error().code == errc::conflict);
    // As it came late, or before the first file was renewed.
    c.mount(text_of(after));
    CHECK(same_key(**load(), after));
    last_used(before);
    CHECK(same_key(**load(), after));
    c.mount(text_of(before));
    CHECK(same_key(**load(), before));
}

TEST_CASE("a role that may not read or write is told, with the namespace of the pod when it is another") {
    cluster c;
    c.place("{}");
    c.server.forbid(space, {"update"});
    auto const refused = starter(c.server, c.mounted).start(c.data);
    CHECK(refused.error().code == errc::denied);
    CHECK(refused.error().what.contains("may not update Secret vsecm-system/vsecm-root-key"));
    c.server.forbid(space, {"get"});
    std::ofstream(c.server.account_folder() + "/namespace") << "elsewhere\n";
    CHECK(starter(c.server, c.mounted).start(c.data).error().what.contains("VSECM_NAMESPACE_SYSTEM says vsecm-system"));
}

TEST_CASE("a server that cannot answer now is asked again, and for so long") {
    cluster c;
    c.place("{}");
    std::atomic<int> left{3};
    c.server.follow([&](test::fake_request const&) -> std::optional<test::fake_answer> {
        if (left-- > 0) return test::fake_answer{.status = left % 2 == 0 ? 503U : 429U};
        return std::nullopt;
    });
    CHECK(starter(c.server, c.mounted).start(c.data));
    c.server.follow([](test::fake_request const&) { return test::fake_answer{.status = 503}; });
    CHECK(starter(c.server, c.mounted, 500ms).start(c.data).error().code == errc::unavailable);
}

TEST_CASE("an answer that was lost does not make a second key") {
    cluster c;
    c.place("{}");
    std::atomic<bool> lost{false};
    c.server.follow([&](test::fake_request const& r) -> std::optional<test::fake_answer> {
        if (r.verb != "update" || lost.exchange(true)) return std::nullopt;
        return test::fake_answer{.status = 504, .done_all_the_same = true};
    });
    auto const made = starter(c.server, c.mounted).start(c.data);
    REQUIRE(made);
    CHECK(c.key_text() == text_of(*made));

    starter again(c.server, c.mounted);
    CHECK(again.loop.run(again.keys.create(*made)));
    CHECK(again.loop.run(again.keys.create(crypto::root_key::generate())).error().code == errc::conflict);
}

TEST_CASE("a key is replaced only by who knows the one that is there, and leaves no copy behind") {
    cluster c;
    auto const first = crypto::root_key::generate(), second = crypto::root_key::generate();
    auto const encoded = base::base64_encode(first.print().bytes());
    c.place(text_of(first), {{"kubectl.kubernetes.io/last-applied-configuration", R"({"data":{"KEY_TXT":")" + encoded + R"("}})"}, {"note", "y"}});
    starter s(c.server, c.mounted);
    auto const third = crypto::root_key::generate();
    CHECK(s.loop.run(s.keys.replace(second, third)).error().code == errc::conflict);
    REQUIRE(s.loop.run(s.keys.replace(first, second)));
    CHECK(c.key_text() == text_of(second));
    CHECK(c.there().annotations == std::map<std::string, std::string>{{"note", "y"}});
    CHECK(s.loop.run(s.keys.replace(first, second)));  // as asked already
    c.server.remove(space, name);
    CHECK(s.loop.run(s.keys.replace(first, second)).error().code == errc::conflict);
}

TEST_CASE("a write in between does not stop a key from being stored") {
    cluster c;
    c.place("{}", {{"kubectl.kubernetes.io/last-applied-configuration", R"({"data":{"KEY_TXT":"e30="}})"}});
    std::atomic<int> left{2};
    c.server.follow([&](test::fake_request const& r) -> std::optional<test::fake_answer> {
        if (r.verb == "update" && left-- > 0) return test::fake_answer{.status = 409, .reason = "Conflict"};
        return std::nullopt;
    });
    CHECK(starter(c.server, c.mounted).start(c.data));
    CHECK(c.there().annotations.size() == 1);  // what `kubectl apply` needs stays, for there is no key in it
}

TEST_CASE("a malformed key is an error that quotes nothing of it") {
    cluster c;
    c.place("AGE-SECRET-KEY-1NOTAKEY\nage1nothing\nabc");
    auto const refused = starter(c.server, c.mounted).start(c.data);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid);
    CHECK_FALSE(refused.error().what.contains("NOTAKEY"));
    CHECK(c.key_text().starts_with("AGE"));
}
