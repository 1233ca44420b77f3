// include/vsecm in a program's hands, against a real safe: what it is told. This test is that program.
#include "integration/scripted_safe.hpp"
#include "integration/sdk_scene.hpp"

#include <atomic>
#include <future>
#include <thread>

using namespace std::chrono_literals;
namespace test = vsecm::test;
using test::listener, test::scene, test::status_of;

TEST_CASE("sdk: a program fetches its secret, and is told what it has not") {
    scene s;
    vsecm::client client(s.as());
    CHECK(status_of([&] { static_cast<void>(client.fetch()); }) == vsecm::status::absent);
    s.put("hunter2");
    auto const secret = client.fetch();
    CHECK(secret.data() == "hunter2");
    CHECK(std::string_view(secret.c_str()) == "hunter2");
    CHECK(secret.created() > std::chrono::system_clock::now() - 5min);
    CHECK(secret.updated() >= secret.created());
    s.local.sentinel({"-w", "billing", "-d"});
    CHECK(status_of([&] { static_cast<void>(client.fetch()); }) == vsecm::status::deleted);
    CHECK_THROWS_AS(client.fetch(), vsecm::absent_error);
    CHECK(secret.data() == "hunter2");  // what was fetched stays the program's
}

TEST_CASE("sdk: a watch tells what is there, then each change, through a restart of safe") {
    scene s;
    vsecm::client client(s.as());
    listener ear, late;
    auto watching = client.watch(ear.callback());
    REQUIRE(ear.hears(vsecm::status::absent));
    s.put("one");
    REQUIRE(ear.hears(vsecm::status::ok, "one"));
    s.local.kill_safe();
    s.put("two");
    REQUIRE(ear.hears(vsecm::status::ok, "two"));

    auto second = client.watch(late.callback());
    REQUIRE(late.hears(vsecm::status::ok, "two"));
    CHECK(client.fetch().data() == "two");  // while a request is held for the watches
    watching.stop();
    s.local.sentinel({"-w", "billing", "-d"});
    REQUIRE(late.hears(vsecm::status::deleted));
    CHECK(ear.num_waiting() == 0);
}

TEST_CASE("sdk: a watch that is asked: the newest alone, and nothing new is no error") {
    scene s;
    s.put("one");
    vsecm_client* const client = s.open(s.as());
    vsecm_watch* watch = nullptr;
    REQUIRE(vsecm_watch_open(client, &watch) == VSECM_OK);
    vsecm_secret* secret = nullptr;
    REQUIRE(vsecm_watch_next(watch, 20'000, &secret) == VSECM_OK);
    CHECK(std::string_view(vsecm_secret_data(secret), vsecm_secret_size(secret)) == "one");
    vsecm_secret_free(secret);
    CHECK(vsecm_watch_next(watch, 0, &secret) == VSECM_UNCHANGED);
    CHECK(secret == nullptr);
    s.put("two");
    s.put("three");
    std::string last;
    while (last != "three") {
        REQUIRE(vsecm_watch_next(watch, 20'000, &secret) == VSECM_OK);
        last.assign(vsecm_secret_data(secret), vsecm_secret_size(secret));
        vsecm_secret_free(secret);
    }
    // A close ends who waits for ever.
    std::atomic<int> ended = -1;
    std::thread waiting([&] { ended = vsecm_watch_next(watch, -1, &secret); });
    vsecm_close(client);
    waiting.join();
    CHECK(ended == VSECM_CLOSED);
    CHECK(vsecm_watch_next(watch, 0, &secret) == VSECM_CLOSED);
    vsecm_watch_free(watch);
}

TEST_CASE("sdk: many threads share a connection, and those who ask together an answer") {
    scene s;
    s.put("shared");
    vsecm::client client(s.as());
    CHECK(client.fetch().data() == "shared");
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 32; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 20; ++n) good += client.fetch().data() == "shared";
            });
    }
    CHECK(good == 640);
    auto const audit = test::slurp(s.local.path("log/audit"));
    std::size_t fetches = 0;
    for (auto at = audit.find("workload/billing/"); at != std::string::npos; at = audit.find("workload/billing/", at + 1)) ++fetches;
    CHECK(fetches < 640);
}

TEST_CASE("sdk: what is missing is said") {
    scene s;
    auto nowhere = s.as();
    nowhere.workload_api = "unix://" + s.local.scratch("nobody.sock");
    vsecm::client without(nowhere);
    auto const begun = std::chrono::steady_clock::now();
    CHECK(status_of([&] { static_cast<void>(without.fetch(300ms)); }) == vsecm::status::no_identity);
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(std::string_view(vsecm_message()).contains("nobody.sock"));

    auto silent = s.as();
    silent.safe_url = "https://127.0.0.1:1/";
    CHECK(status_of([&] { static_cast<void>(vsecm::client(silent).fetch()); }) == vsecm::status::unreachable);
    auto stranger = s.as();
    stranger.settings.push_back(R"(VSECM_SPIFFEID_PREFIX_SAFE=^spiffe://vsecm\.com/somebody/else$)");
    CHECK(status_of([&] { static_cast<void>(vsecm::client(stranger).fetch()); }) == vsecm::status::refused);
}

TEST_CASE("sdk: an identity that has expired is none") {
    scene s({"--svid-ttl", "2"});
    s.put("one");
    vsecm::client client(s.as());
    CHECK(client.fetch().data() == "one");
    s.local.stop_dev();  // the Workload API, and safe
    CHECK(test::eventually(20s, [&] { return status_of([&] { static_cast<void>(client.fetch(100ms)); }) == vsecm::status::no_identity; }));
}

TEST_CASE("sdk: safe is not asked on behalf of watches that have ended") {
    scene s;
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");  // cannot push, and has no news
    auto with = s.as();
    with.safe_url = "https://127.0.0.1:" + std::to_string(original.port()) + "/";
    with.poll_interval = 10ms;
    vsecm::client client(with);
    for (int i = 0; i < 2; ++i) {
        listener ear;
        auto watching = client.watch(ear.callback());
        REQUIRE(ear.hears(vsecm::status::deleted));
        auto const asked = original.num_fetches();
        REQUIRE(test::eventually(20s, [&] { return original.num_fetches() > asked; }));
        watching.stop();
        CHECK(test::eventually(5s, [&] {
            auto const before = original.num_fetches();
            std::this_thread::sleep_for(500ms);
            return original.num_fetches() == before;
        }));
    }
}

TEST_CASE("sdk: trouble that is over is not told to those who come later, and when it comes again it is") {
    scene s;
    s.put("one");
    vsecm_client* const client = s.open(s.as());  // requests are held for far longer than this takes
    vsecm_watch* first = nullptr;
    REQUIRE(vsecm_watch_open(client, &first) == VSECM_OK);
    vsecm_secret* secret = nullptr;
    REQUIRE(vsecm_watch_next(first, 20'000, &secret) == VSECM_OK);
    vsecm_secret_free(secret);
    for (int round = 0; round < 2; ++round) {
        auto trouble = std::async(std::launch::async, [&] {
            vsecm_secret* none = nullptr;
            return vsecm_watch_next(first, 20'000, &none);
        });
        s.local.kill_safe();
        REQUIRE(trouble.get() == VSECM_UNREACHABLE);
        CHECK(test::eventually(20s, [&] {
            vsecm_watch* late = nullptr;
            if (vsecm_watch_open(client, &late) != VSECM_OK || vsecm_watch_next(late, 20'000, &secret) != VSECM_OK) return false;
            vsecm_secret_free(secret);
            auto const more = vsecm_watch_next(late, 0, &secret);
            vsecm_watch_free(late);
            return more == VSECM_UNCHANGED;
        }));
    }
    vsecm_watch_free(first);
    vsecm_close(client);
}

TEST_CASE("sdk: a safe that cannot push is asked, and each change is told once") {
    scene s;
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");
    original.answer_fetch(200, R"({"data":"one","created":"","updated":""})");
    auto with = s.as();
    with.safe_url = "https://127.0.0.1:" + std::to_string(original.port()) + "/";
    with.poll_interval = 10ms;
    vsecm::client client(with);
    listener ear;
    auto const watching = client.watch(ear.callback());
    REQUIRE(ear.hears(vsecm::status::ok, "one"));
    auto const asked = original.num_fetches();
    REQUIRE(test::eventually(20s, [&] { return original.num_fetches() > asked + 2; }));
    CHECK(ear.num_waiting() == 0);
    original.answer_fetch(200, R"({"data":"two","created":"","updated":""})");
    REQUIRE(ear.hears(vsecm::status::ok, "two"));
    CHECK(client.fetch().data() == "two");
    original.answer_fetch(404, "");
    REQUIRE(ear.hears(vsecm::status::deleted));
}

TEST_CASE("sdk: a safe that says that nothing has changed, without having been asked that, gives no empty secret") {
    scene s;
    test::scripted_safe confused(s.local.environment_of("vsecm-safe"), "vsecm/1");
    confused.answer_fetch(304, "");
    auto with = s.as();
    with.safe_url = "https://127.0.0.1:" + std::to_string(confused.port()) + "/";
    vsecm::client client(with);
    CHECK(status_of([&] { static_cast<void>(client.fetch()); }) == vsecm::status::internal);
}

TEST_CASE("sdk: a watch and fetches live through identities that are rotated every few seconds") {
    scene s({"--svid-ttl", "4"});
    s.put("0");
    vsecm::client client(s.as());
    listener ear;
    auto const watching = client.watch(ear.callback());
    REQUIRE(ear.hears(vsecm::status::ok, "0"));
    auto const end = std::chrono::steady_clock::now() + 10s;
    for (int i = 1; std::chrono::steady_clock::now() < end; ++i) {
        s.put(std::to_string(i));
        REQUIRE(ear.hears(vsecm::status::ok, std::to_string(i)));
        CHECK(client.fetch().data() == std::to_string(i));
    }
}

TEST_CASE("sdk: a question that nobody waits for any more is not in the way of the next") {
    scene s;
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");
    auto with = s.as();
    with.safe_url = "https://127.0.0.1:" + std::to_string(original.port()) + "/";
    with.settings.push_back("VSECM_REQUEST_TIMEOUT=10m");
    vsecm::client client(with);
    CHECK(status_of([&] { static_cast<void>(client.fetch()); }) == vsecm::status::deleted);
    original.answer_fetch(0, "");  // a connection that is dead, to the client
    for (int i = 0; i < 2; ++i) CHECK(status_of([&] { static_cast<void>(client.fetch(300ms)); }) == vsecm::status::unreachable);
    original.answer_fetch(200, R"({"data":"one","created":"","updated":""})");
    CHECK(client.fetch(20s).data() == "one");
}

TEST_CASE("sdk: a safe that is slower than somebody's patience is not asked anew, on another connection, each time") {
    scene s;
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");
    auto with = s.as();
    with.safe_url = "https://127.0.0.1:" + std::to_string(original.port()) + "/";
    vsecm::client client(with);
    CHECK(status_of([&] { static_cast<void>(client.fetch()); }) == vsecm::status::deleted);
    original.answer_fetch(200, R"({"data":"one","created":"","updated":""})");
    original.take_time(900ms);
    auto const before = original.num_fetches();
    auto const end = std::chrono::steady_clock::now() + 600ms;
    while (std::chrono::steady_clock::now() < end) CHECK(status_of([&] { static_cast<void>(client.fetch(20ms)); }) == vsecm::status::unreachable);
    CHECK(original.num_fetches() <= before + 2);
    CHECK(client.fetch(20s).data() == "one");
}

TEST_CASE("sdk: who came while another's question was under way does not wait behind it when that one has gone") {
    scene s;
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");
    auto with = s.as();
    with.safe_url = "https://127.0.0.1:" + std::to_string(original.port()) + "/";
    with.settings.push_back("VSECM_REQUEST_TIMEOUT=10m");
    vsecm::client client(with);
    CHECK(status_of([&] { static_cast<void>(client.fetch()); }) == vsecm::status::deleted);
    original.answer_fetch(0, "");
    auto const before = original.num_fetches();
    auto impatient = std::async(std::launch::async, [&] { return status_of([&] { static_cast<void>(client.fetch(1s)); }); });
    REQUIRE(test::eventually(20s, [&] { return original.num_fetches() > before; }));
    original.answer_fetch(200, R"({"data":"one","created":"","updated":""})");
    CHECK(client.fetch(20s).data() == "one");
    CHECK(impatient.get() == vsecm::status::unreachable);
}
