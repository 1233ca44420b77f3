// include/vsecm in a program's hands, against a real safe. This test is that program.
#include "integration/system.hpp"

#include <vsecm/vsecm.hpp>

#include <catch2/catch_test_macros.hpp>
#include <dirent.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

using namespace std::chrono_literals;
namespace test = vsecm::test;

namespace {

struct scene {
    scene() : local({"billing"}) {}

    vsecm::options as(std::string const& workload = "billing") const {
        auto const environment = local.environment_of(workload);
        vsecm::options with;
        with.workload_api = environment.at("SPIFFE_ENDPOINT_SOCKET");
        with.safe_url = environment.at("VSECM_SAFE_ENDPOINT_URL");
        with.settings.push_back("SPIFFE_TRUST_DOMAIN=" + environment.at("SPIFFE_TRUST_DOMAIN"));
        return with;
    }
    void put(std::string const& value) { local.sentinel({"-w", "billing", "-s", value}); }

    test::system local;
};

// Keeps what a watch tells, in order.
class listener {
public:
    auto callback() {
        return [this](vsecm::change const& now) {
            std::lock_guard const lock(guard_);
            heard_.emplace_back(now.code(), now ? std::string(now.data()) : std::string(now.message()));
            told_.notify_all();
        };
    }
    // Takes what comes, until it is this; false if it does not come in time.
    bool hears(vsecm::status code, std::string const& data = {}) {
        std::unique_lock lock(guard_);
        return told_.wait_for(lock, 20s, [&] {
            while (!heard_.empty()) {
                auto const [what, content] = heard_.front();
                heard_.pop_front();
                if (what == code && (what != vsecm::status::ok || content == data)) return true;
            }
            return false;
        });
    }
    std::size_t num_waiting() {
        std::lock_guard const lock(guard_);
        return heard_.size();
    }

private:
    std::mutex guard_;
    std::condition_variable told_;
    std::deque<std::pair<vsecm::status, std::string>> heard_;
};

vsecm::status status_of(auto&& call) {
    try {
        call();
    } catch (vsecm::error const& failure) {
        CHECK(std::string_view(failure.what()).size() > 10);
        return failure.code();
    }
    return vsecm::status::ok;
}

std::size_t entries_of(char const* folder) {
    std::size_t num = 0;
    auto* const open = ::opendir(folder);
    while (::readdir(open) != nullptr) ++num;
    ::closedir(open);
    return num;
}

}  // namespace

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
    auto const options = s.as();
    std::string const socket = "SPIFFE_ENDPOINT_SOCKET=" + options.workload_api, url = "VSECM_SAFE_ENDPOINT_URL=" + options.safe_url;
    char const* const settings[] = {socket.c_str(), url.c_str(), options.settings[0].c_str(), nullptr};
    vsecm_client* client = nullptr;
    REQUIRE(vsecm_open(settings, &client) == VSECM_OK);
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

TEST_CASE("sdk: a callback may end its own watch, and ask") {
    scene s;
    s.put("one");
    vsecm::client client(s.as());
    std::mutex guard;
    std::condition_variable done;
    int calls = 0;
    std::string fetched;
    vsecm::watching watching;
    std::unique_lock lock(guard);
    watching = client.watch([&](vsecm::change const&) {
        std::lock_guard const inside(guard);
        fetched = client.fetch().data();
        watching.stop();
        ++calls;
        done.notify_all();
    });
    REQUIRE(done.wait_for(lock, 20s, [&] { return calls == 1; }));
    CHECK(fetched == "one");
    lock.unlock();
    listener ear;
    auto const second = client.watch(ear.callback());
    s.put("two");
    REQUIRE(ear.hears(vsecm::status::ok, "two"));
    CHECK(calls == 1);
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

TEST_CASE("sdk: arguments are checked, and no handle is left behind") {
    vsecm_client* client = reinterpret_cast<vsecm_client*>(1);
    char const* const bad[] = {"VSECM_SAFE_ENDPOINT_URL=https://hunter2:port/", nullptr};
    CHECK(vsecm_open(bad, &client) == VSECM_INVALID);
    CHECK(client == nullptr);
    CHECK(std::string_view(vsecm_message()).contains("VSECM_SAFE_ENDPOINT_URL"));
    CHECK_FALSE(std::string_view(vsecm_message()).contains("hunter2"));
    char const* const unknown[] = {"VSECM_SAFE_DATA_PATH=/tmp", nullptr};
    CHECK(vsecm_open(unknown, &client) == VSECM_INVALID);
    char const* const no_pair[] = {"what", nullptr};
    CHECK(vsecm_open(no_pair, &client) == VSECM_INVALID);
    CHECK(vsecm_open(nullptr, nullptr) == VSECM_INVALID);
    vsecm_secret* secret = nullptr;
    CHECK(vsecm_fetch(nullptr, 1, &secret) == VSECM_INVALID);
    vsecm_watch* watch = nullptr;
    CHECK(vsecm_watch_call(nullptr, nullptr, nullptr, &watch) == VSECM_INVALID);
    CHECK(vsecm_watch_next(nullptr, 0, &secret) == VSECM_INVALID);
    vsecm_close(nullptr);
    vsecm_secret_free(nullptr);
    vsecm_watch_free(nullptr);
    CHECK(vsecm_abi() == VSECM_ABI);
    CHECK(std::string_view(vsecm_status_name(VSECM_NO_IDENTITY)) == "no-identity");
    CHECK(std::string_view(vsecm_status_name(99)) == "unknown");
    REQUIRE(vsecm_open(nullptr, &client) == VSECM_OK);
    CHECK(vsecm_fetch(client, 0, &secret) == VSECM_INVALID);
    vsecm_close(client);
}

TEST_CASE("sdk: clients come and go, and leave no thread and no descriptor") {
    scene s;
    s.put("one");
    auto const once = [&] {
        vsecm::client client(s.as());
        listener ear;
        auto const watching = client.watch(ear.callback());
        REQUIRE(client.fetch().data() == "one");
        REQUIRE(ear.hears(vsecm::status::ok, "one"));
    };
    once();
    auto const threads = entries_of("/proc/self/task"), descriptors = entries_of("/proc/self/fd");
    for (int i = 0; i < 10; ++i) once();
    CHECK(entries_of("/proc/self/task") == threads);
    CHECK(entries_of("/proc/self/fd") == descriptors);
}

TEST_CASE("sdk: the program's signals are its own") {
    scene s;
    vsecm::client client(s.as());
    listener ear;
    auto const watching = client.watch(ear.callback());
    REQUIRE(ear.hears(vsecm::status::absent));
    static std::atomic<int> caught = 0;
    static std::atomic<::pthread_t> by = 0;
    struct ::sigaction act{};
    act.sa_handler = [](int) { by = ::pthread_self(), ++caught; };
    struct ::sigaction before{};
    REQUIRE(::sigaction(SIGUSR1, &act, &before) == 0);
    ::kill(::getpid(), SIGUSR1);
    REQUIRE(test::eventually(20s, [] { return caught == 1; }));
    CHECK(by == ::pthread_self());
    ::sigaction(SIGUSR1, &before, nullptr);
}
