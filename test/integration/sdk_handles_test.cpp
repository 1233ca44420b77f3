// include/vsecm in a program's hands: its handles, threads and descriptors. This test is that program.
#include "integration/sdk_scene.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
namespace test = vsecm::test;
using test::entries_of, test::listener, test::names_in, test::scene, test::status_of;

namespace {

// Whether that thread of ours waits for something: "12 (vsecm) S ...".
bool sleeps(std::atomic<::pid_t> const& id) { return id != 0 && test::slurp("/proc/self/task/" + std::to_string(id.load()) + "/stat").contains(") S "); }

}  // namespace

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

TEST_CASE("sdk: a close ends those who ask") {
    scene s;
    auto nowhere = s.as();
    nowhere.workload_api = "unix://" + s.local.scratch("nobody.sock");
    vsecm_client* const client = s.open(nowhere);
    std::atomic<int> closed = 0;
    std::array<std::atomic<::pid_t>, 8> ids{};
    std::vector<std::jthread> threads;
    for (auto& id : ids)
        threads.emplace_back([&] {
            vsecm_secret* secret = nullptr;
            id = ::gettid();
            closed += vsecm_fetch(client, 60'000, &secret) == VSECM_CLOSED;
        });
    REQUIRE(test::eventually(20s, [&] { return std::ranges::all_of(ids, sleeps); }));
    vsecm_close(client);
    threads.clear();
    CHECK(closed == 8);
}

TEST_CASE("sdk: a thread that is cancelled while it waits returns first, and is cancelled then") {
    scene s;
    auto nowhere = s.as();
    nowhere.workload_api = "unix://" + s.local.scratch("nobody.sock");
    struct asking {
        vsecm_client* client;
        vsecm_watch* watch = nullptr;  // of which there is none: fetch
        std::atomic<::pid_t> id = 0;
        std::atomic<int> status = -1;
        static void* run(void* user) {
            auto& me = *static_cast<asking*>(user);
            vsecm_secret* secret = nullptr;
            while (me.status == -1 || me.status == VSECM_NO_IDENTITY) {  // trouble, told once
                me.id = ::gettid();
                me.status = me.watch != nullptr ? vsecm_watch_next(me.watch, -1, &secret) : vsecm_fetch(me.client, 60'000, &secret);
            }
            ::pthread_testcancel();
            return nullptr;
        }
    };
    asking fetching{s.open(nowhere)}, watching{fetching.client};
    REQUIRE(vsecm_watch_open(fetching.client, &watching.watch) == VSECM_OK);
    std::array<::pthread_t, 2> threads{};
    REQUIRE(::pthread_create(&threads[0], nullptr, asking::run, &fetching) == 0);
    REQUIRE(::pthread_create(&threads[1], nullptr, asking::run, &watching) == 0);
    REQUIRE(test::eventually(20s, [&] { return sleeps(fetching.id) && sleeps(watching.id); }));
    for (auto const thread : threads) ::pthread_cancel(thread);
    vsecm_close(fetching.client);
    for (auto const thread : threads) {
        void* result = nullptr;
        REQUIRE(::pthread_join(thread, &result) == 0);
        CHECK(result == PTHREAD_CANCELED);
    }
    CHECK(fetching.status == VSECM_CLOSED);
    CHECK(watching.status == VSECM_CLOSED);
    vsecm_watch_free(watching.watch);
}

TEST_CASE("sdk: a close waits for a callback, and none comes after it") {
    scene s;
    s.put("one");
    struct called {
        vsecm_client* client;
        std::atomic<int> begun = 0, ended = 0;
    } here{s.open(s.as())};
    auto const slow = [](void* user, int, vsecm_secret const*, char const*) {
        auto& me = *static_cast<called*>(user);
        ++me.begun;
        vsecm_secret* secret = nullptr;
        int status = VSECM_OK;
        while (status != VSECM_CLOSED) {
            status = vsecm_fetch(me.client, 1000, &secret);
            vsecm_secret_free(secret);
        }
        std::this_thread::sleep_for(200ms);
        ++me.ended;
    };
    vsecm_watch* watch = nullptr;
    REQUIRE(vsecm_watch_call(here.client, slow, &here, &watch) == VSECM_OK);
    REQUIRE(test::eventually(20s, [&] { return here.begun == 1; }));
    vsecm_close(here.client);
    CHECK(here.ended == 1);
    vsecm_watch_free(watch);
    CHECK(here.begun == 1);
}

TEST_CASE("sdk: arguments are checked, and no handle is left behind") {
    vsecm_client* client = reinterpret_cast<vsecm_client*>(1);
    char const* const bad[] = {"VSECM_SAFE_ENDPOINT_URL=https://hunter2:port/", nullptr};
    CHECK(vsecm_open(bad, &client) == VSECM_INVALID);
    CHECK(client == nullptr);
    CHECK(std::string_view(vsecm_message()).contains("VSECM_SAFE_ENDPOINT_URL"));
    CHECK_FALSE(std::string_view(vsecm_message()).contains("hunter2"));
    for (auto const* setting : {"VSECM_SIDECAR_POLL_INTERVAL=5s", "VSECM_SAFE_SOURCE_ACQUISITION_TIMEOUT=hunter2", "VSECM_REQUEST_TIMEOUT=hunter2"}) {
        char const* const not_parsed[] = {setting, nullptr};
        CHECK(vsecm_open(not_parsed, &client) == VSECM_INVALID);
        CHECK(client == nullptr);
        CHECK(std::string_view(vsecm_message()).contains(std::string_view(setting).substr(0, std::string_view(setting).find('='))));
        CHECK_FALSE(std::string_view(vsecm_message()).contains("hunter2"));
    }
    char const* const unknown[] = {"VSECM_SAFE_DATA_PATH=/tmp", nullptr};
    CHECK(vsecm_open(unknown, &client) == VSECM_INVALID);
    char const* const no_pair[] = {"what", nullptr};
    CHECK(vsecm_open(no_pair, &client) == VSECM_INVALID);
    CHECK(vsecm_open(nullptr, nullptr) == VSECM_INVALID);
    auto* const junk = reinterpret_cast<vsecm_secret*>(1);
    auto* secret = junk;
    CHECK(vsecm_fetch(nullptr, 1, &secret) == VSECM_INVALID);
    CHECK(std::exchange(secret, junk) == nullptr);
    CHECK(vsecm_watch_next(nullptr, 0, &secret) == VSECM_INVALID);
    CHECK(secret == nullptr);
    auto* const no_watch = reinterpret_cast<vsecm_watch*>(1);
    auto* watch = no_watch;
    CHECK(vsecm_watch_call(nullptr, nullptr, nullptr, &watch) == VSECM_INVALID);
    CHECK(std::exchange(watch, no_watch) == nullptr);
    CHECK(vsecm_watch_open(nullptr, &watch) == VSECM_INVALID);
    CHECK(watch == nullptr);
    CHECK(status_of([] { static_cast<void>(vsecm::client().watch(nullptr)); }) == vsecm::status::invalid);
    vsecm_close(nullptr);
    vsecm_secret_free(nullptr);
    vsecm_watch_free(nullptr);
    CHECK(vsecm_abi() == VSECM_ABI);
    for (int status = VSECM_OK - 2; status <= VSECM_INTERNAL + 1; ++status) {
        bool const is_absence = status == VSECM_ABSENT || status == VSECM_DELETED || status == VSECM_NOT_YET || status == VSECM_EXPIRED;
        int next = status;
        CHECK(VSECM_IS_ABSENCE(next++) == is_absence);
        CHECK(next == status + 1);
        CHECK(vsecm::is_absence(static_cast<vsecm::status>(status)) == is_absence);
    }
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

TEST_CASE("sdk: a child of fork leaves the parent's client alone") {
    scene s;
    s.put("one");
    vsecm_client* const client = s.open(s.as());
    vsecm_watch* watch = nullptr;
    vsecm_secret* secret = nullptr;
    REQUIRE(vsecm_watch_open(client, &watch) == VSECM_OK);
    REQUIRE(vsecm_watch_next(watch, 20'000, &secret) == VSECM_OK);
    vsecm_secret_free(secret);
    auto const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        bool good = vsecm_fetch(client, 1000, &secret) == VSECM_INVALID && vsecm_watch_next(watch, -1, &secret) == VSECM_INVALID;
        vsecm_watch* another = nullptr;
        good = good && vsecm_watch_open(client, &another) == VSECM_INVALID;
        vsecm_watch_free(watch);
        vsecm_close(client);  // as the destructors of a C++ program do at exit()
        ::_exit(good ? 0 : 1);
    }
    int status = -1;
    auto const ended = test::eventually(20s, [&] { return ::waitpid(child, &status, WNOHANG) == child; });
    if (!ended) ::kill(child, SIGKILL), ::waitpid(child, &status, 0);
    CHECK((ended && status == 0));
    s.put("two");
    REQUIRE(vsecm_watch_next(watch, 20'000, &secret) == VSECM_OK);
    CHECK(std::string_view(vsecm_secret_data(secret), vsecm_secret_size(secret)) == "two");
    vsecm_secret_free(secret);
    vsecm_watch_free(watch);
    vsecm_close(client);
}

TEST_CASE("sdk: programs that this one starts inherit no descriptor") {
    scene s;
    s.put("one");
    auto const before = names_in("/proc/self/fd");
    vsecm::client client(s.as());
    listener ear;
    auto const watching = client.watch(ear.callback());
    REQUIRE(ear.hears(vsecm::status::ok, "one"));
    CHECK(client.fetch().data() == "one");
    int num_ours = 0, num_inherited = 0;
    for (auto const& name : names_in("/proc/self/fd")) {
        int const flags = std::ranges::contains(before, name) ? -1 : ::fcntl(std::atoi(name.c_str()), F_GETFD);
        num_ours += flags >= 0;
        num_inherited += flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }
    CHECK(num_ours >= 3);  // both connections to safe, and the Workload API's
    CHECK(num_inherited == 0);
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
