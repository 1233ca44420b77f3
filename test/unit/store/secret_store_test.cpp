// The rules of put, append and remove; what is seen when; who is woken; and many threads at once.
#include "store/watch_hub.hpp"
#include "support/run_loop.hpp"
#include "store/due_list.hpp"
#include "unit/store/fixture.hpp"

#include <latch>
#include <set>
#include <thread>

using namespace vsecm;
using namespace vsecm::store;
using namespace vsecm::store::testing;
using base::errc;
using namespace std::chrono_literals;

TEST_CASE("put replaces, append comes first, duplicates are dropped") {
    auto store = in_memory();
    REQUIRE(store->commit_and_wait(request(append("app", "one"))));
    CHECK(shown(*store, "app") == "[one]");
    REQUIRE(store->commit_and_wait(request(append("app", "two"))));
    CHECK(shown(*store, "app") == R"([["two","one"]])");
    REQUIRE(store->commit_and_wait(request(append("app", "three"))));
    REQUIRE(store->commit_and_wait(request(append("app", "one"))));
    CHECK(shown(*store, "app") == R"([["one","three","two"]])");
    CHECK(store->value_text(*store->find("app")).value().view() == R"(["one","three","two"])");
    CHECK(store->values(*store->find("app")).value().size() == 3);
    REQUIRE(store->commit_and_wait(request(put("app", "only"))));
    CHECK(shown(*store, "app") == "[only]");
    CHECK(store->find("app")->version == 5);
    CHECK(store->commit_and_wait(request(put("app", ""))).error().code == errc::invalid);
}

TEST_CASE("what a workload receives may differ from what the operator gave") {
    store_options options;
    options.deliver = [](std::span<std::string_view const> values, secret_meta const& meta) {
        base::secret_text out(values.front());
        if (meta.template_text.empty()) return out;
        out.append(" rendered");
        return out;
    };
    auto store = in_memory(std::move(options));
    auto c = put("app", "v");
    c.meta.template_text = "x";
    REQUIRE(store->commit_and_wait(request(std::move(c), put("plain", "v"))));
    CHECK(shown(*store, "app") == "[v rendered]");
    CHECK(store->value_text(*store->find("app")).value().view() == "v");
    CHECK_FALSE(store->find("plain")->delivered.has_value());  // not kept twice
    CHECK(store->find("plain")->meta->namespaces == std::vector<std::string>{"default"});
}

TEST_CASE("a request is done whole or not at all") {
    auto store = in_memory();
    REQUIRE(store->commit_and_wait(request(put("a", "1"))));
    auto changes = request(put("b", "1"), put("a", "2"), removal("a"));
    CHECK(store->commit_and_wait(std::move(changes)).error().code == errc::invalid);  // the same name twice
    auto expecting = request(put("b", "1"), put("a", "2"));
    expecting[1].expected_version = 9;
    CHECK(store->commit_and_wait(std::move(expecting)).error().code == errc::conflict);
    CHECK(shown(*store, "a") == "[1]");
    CHECK(shown(*store, "b") == "absent");

    auto right = request(put("a", "2"), put("b", "1"));
    right[0].expected_version = 1;
    right[1].expected_version = 0;
    auto const done = store->commit_and_wait(std::move(right)).value();
    CHECK(done[0].version == 2);
    CHECK(done[0].existed);
    CHECK_FALSE(done[1].existed);
}

TEST_CASE("removing what is not there changes nothing and says so") {
    auto store = in_memory();
    CHECK_FALSE(store->commit_and_wait(request(removal("a"))).value().at(0).existed);
    CHECK(shown(*store, "a") == "absent");
    REQUIRE(store->commit_and_wait(request(put("a", "1"))));
    CHECK(store->commit_and_wait(request(removal("a"))).value().at(0).existed);
    CHECK_FALSE(store->commit_and_wait(request(removal("a"))).value().at(0).existed);
    CHECK(store->find("a")->version == 2);
    CHECK(store->list().empty());
    CHECK(store->commit_and_wait({}).value().empty());
}

TEST_CASE("limits: waiting requests, secrets, values") {
    store_options options;
    options.max_secrets = 2;
    options.max_values = 2;
    options.max_waiting_bytes = 4096;
    auto store = in_memory(std::move(options));
    REQUIRE(store->commit_and_wait(request(put("a", "1"), put("b", "1"))));
    CHECK(store->commit_and_wait(request(put("c", "1"))).error().code == errc::limited);
    REQUIRE(store->commit_and_wait(request(append("a", "2"))));
    CHECK(store->commit_and_wait(request(append("a", "3"))).error().code == errc::too_large);
    REQUIRE(store->commit_and_wait(request(append("a", "2"))));
    // Not `limited`: it would not be taken later either.
    CHECK(store->commit_and_wait(request(put("a", std::string(8192, 'x')))).error().code == errc::too_large);
}

TEST_CASE("dates decide what is seen, and the tag changes with it") {
    base::manual_clock clock(base::parse_rfc3339("2024-01-01T00:00:00Z").value());
    auto store = in_memory({}, clock);
    auto c = put("app", "v");
    c.not_before = clock.now() + 10s;
    c.expires = clock.now() + 20s;
    REQUIRE(store->commit_and_wait(request(std::move(c))));
    auto const secret = store->find("app");
    CHECK(secret->visible(clock.now()) == visibility::not_yet);
    CHECK(secret->visible(clock.now() + 10s) == visibility::present);
    CHECK(secret->visible(clock.now() + 20s) == visibility::expired);
    CHECK(visible(nullptr, clock.now()) == visibility::absent);
    std::set<std::string> tags;
    for (auto const seen : {visibility::not_yet, visibility::present, visibility::expired}) tags.insert(store->etag("app", secret, seen));
    tags.insert(store->etag("app", nullptr, visibility::absent));
    tags.insert(store->etag("other", nullptr, visibility::absent));
    CHECK(tags.size() == 5);
}

TEST_CASE("a commit answers on the caller's loop, after readers can see it") {
    test::run_loop loop;  // outlives the store
    auto store = in_memory();
    auto changes = request(put("app", "v"));
    auto const outcome = loop.run(store->commit(std::move(changes)));
    REQUIRE(outcome);
    CHECK(shown(*store, "app") == "[v]");
    auto bad = request(put("", "v"));
    CHECK(loop.run(store->commit(std::move(bad))).error().code == errc::invalid);
}

TEST_CASE("a watcher is woken by each change of its name and by its dates, and by no other") {
    base::manual_clock clock(base::parse_rfc3339("2024-01-01T00:00:00Z").value());
    test::run_loop loop;  // outlives the store
    auto store = in_memory({}, clock);
    auto work = net::asio::make_work_guard(loop.context);
    {
        watch_hub hub(*store, loop.executor());
        net::wake_signal bell, other_bell;
        auto watching = hub.watch("app", bell);
        auto other = hub.watch("other", other_bell);
        auto changes = request(put("app", "v"));
        changes[0].expires = clock.now() + 1h;
        REQUIRE(store->commit_and_wait(std::move(changes)));
        loop.until([&] { return bell.take(); });
        REQUIRE(store->commit_and_wait(request(put("app", "w"), put("unwatched", "v"))));
        loop.until([&] { return bell.take(); });
        REQUIRE(store->commit_and_wait(request(removal("app"))));
        loop.until([&] { return bell.take(); });

        auto late = request(put("app", "later"));
        late[0].not_before = clock.now() + 1min;
        late[0].expires = clock.now() + 2h;
        REQUIRE(store->commit_and_wait(std::move(late)));
        loop.until([&] { return bell.take(); });
        clock.advance(1min);
        store->look_at_dates();
        loop.until([&] { return bell.take(); });
        clock.advance(2h);
        store->look_at_dates();
        loop.until([&] { return bell.take(); });
        CHECK_FALSE(other_bell.take());

        // A bell that makes others leave, in the middle of ringing.
        net::wake_signal first, second;
        auto leaving = hub.watch("shared", first);
        auto left = hub.watch("shared", second);
        first.listen([&] { left.reset(); leaving.reset(); });
        second.listen([&] { left.reset(); leaving.reset(); });
        REQUIRE(store->commit_and_wait(request(put("shared", "v"))));
        loop.until([&] { return first.take() || second.take(); });
        CHECK(hub.num_watching() == 2);
        auto moved = std::move(watching);
        moved.reset();
        CHECK(hub.num_watching() == 1);
        REQUIRE(store->commit_and_wait(request(put("other", "v"))));  // posted, and the hub is gone before it runs
    }
    work.reset();
    loop.context.restart();
    loop.context.poll();
}

TEST_CASE("a crowd that waits for one name is woken, and goes, in time that grows with the crowd and not with its square") {
    constexpr std::size_t num = 100'000;
    test::run_loop loop;  // outlives the store
    auto store = in_memory();
    auto const work = net::asio::make_work_guard(loop.context);
    watch_hub hub(*store, loop.executor());
    std::vector<net::wake_signal> bells(num);
    std::vector<watch_hub::registration> watching(num);
    std::size_t num_woken = 0;
    bool in_order = true;
    for (std::size_t i = 0; i < num; ++i) {
        watching[i] = hub.watch("app", bells[i]);
        bells[i].listen([&, i] {
            in_order = in_order && i == num_woken;
            ++num_woken;
            watching[i].reset();
        });
    }
    auto const begun = std::chrono::steady_clock::now();
    REQUIRE(store->commit_and_wait(request(put("app", "v"))));
    loop.until([&] { return num_woken == num; });
    auto const took = std::chrono::steady_clock::now() - begun;
    INFO(std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
    CHECK(took < 5s);  // 40 s when each looked through all
    CHECK(in_order);
    CHECK(hub.num_watching() == 0);
}

TEST_CASE("a date in real time wakes without being asked") {
    test::run_loop loop;  // outlives the store
    auto store = in_memory();
    auto const work = net::asio::make_work_guard(loop.context);
    watch_hub hub(*store, loop.executor());
    net::wake_signal bell;
    auto const watching = hub.watch("app", bell);
    auto c = put("app", "v");
    c.expires = base::system_clock().now() + 50ms;
    REQUIRE(store->commit_and_wait(request(std::move(c))));
    loop.until([&] { return bell.take(); });
    loop.until([&] { return bell.take(); });
    CHECK(shown(*store, "app") == "expired");
}

TEST_CASE("Q23: many threads write, read and watch at once; every append counts") {
    auto store = in_memory();
    constexpr int num_threads = 8, each = 50;
    std::atomic<bool> writing = true;
    std::vector<std::thread> readers;
    for (int t = 0; t < 2; ++t)
        readers.emplace_back([&] {
            while (writing) {
                if (auto const s = store->find("shared")) (void)store->delivered_text(*s);
                (void)store->list();
                (void)store->health();
            }
        });
    std::latch start(num_threads);
    std::vector<std::thread> writers;
    std::atomic<int> num_failed = 0;
    for (int t = 0; t < num_threads; ++t)
        writers.emplace_back([&, t] {
            start.arrive_and_wait();
            for (int i = 0; i < each; ++i) {
                auto const own = "own" + std::to_string(t);
                auto const value = std::to_string(t) + "-" + std::to_string(i);
                if (!store->commit_and_wait(request(append("shared", value), put(own, value)))) ++num_failed;
            }
        });
    for (auto& w : writers) w.join();
    writing = false;
    for (auto& r : readers) r.join();
    CHECK(num_failed == 0);
    CHECK(store->values(*store->find("shared")).value().size() == num_threads * each);
    CHECK(store->find("shared")->version == num_threads * each);
    CHECK(shown(*store, "own3") == "[3-49]");
    CHECK(store->health().num_waiting == 0);
}

namespace {

net::awaitable<int> write_many(secret_store& store, std::string name, int count) {
    int good = 0;
    for (int i = 0; i < count; ++i) {
        auto changes = request(put(name, std::to_string(i)));
        auto const outcome = co_await store.commit(std::move(changes));
        good += outcome.has_value();
    }
    co_return good;
}

}  // namespace

TEST_CASE("commits from several event loops") {
    auto store = in_memory();
    std::vector<std::thread> threads;
    std::atomic<int> total = 0;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            net::asio::io_context context(1);
            watch_hub hub(*store, context.get_executor());
            net::wake_signal bell;
            auto const watching = hub.watch("loop0", bell);
            net::asio::co_spawn(context, write_many(*store, "loop" + std::to_string(t), 100),
                                [&](std::exception_ptr, int good) { total += good; });
            context.run();
        });
    for (auto& t : threads) t.join();
    CHECK(total == 400);
    CHECK(shown(*store, "loop2") == "[99]");
}

TEST_CASE("rewriting a secret that expires some day leaves no trail of dates") {
    using std::chrono::hours;
    due_list dates;
    auto const now = base::parse_rfc3339("2026-01-01T00:00:00Z").value();
    stored_secret s;
    s.name = "a";
    for (int i = 1; i <= 1000; ++i) {
        s.not_before = now + hours(i);
        s.expires = now + hours(2000 + i);
        dates.add(s, now);
    }
    CHECK(dates.size() == 2);
    CHECK(dates.until_next(now) == hours(1000));
    CHECK(dates.take_due(now + hours(999)).empty());
    CHECK(dates.take_due(now + hours(1000)) == std::vector<std::string>{"a"});
    CHECK(dates.until_next(now + hours(1000)) == hours(2000));
    s.state = secret_state::deleted;
    dates.add(s, now + hours(1001));
    CHECK(dates.size() == 0);
    CHECK(dates.until_next(now) == std::chrono::nanoseconds::max());
    s.state = secret_state::present;
    s.not_before = s.expires = now + hours(1);
    dates.add(s, now);
    CHECK(dates.take_due(now + hours(1)) == std::vector<std::string>{"a"});
    CHECK(dates.size() == 0);
}

TEST_CASE("health tells when the last write was on stable storage") {
    temporary_folder dir;
    auto store = open_folder(dir.path);
    CHECK_FALSE(store->health().last_write);
    auto const before = store->clock().now();
    REQUIRE(store->commit_and_wait(request(put("app", "v"))));
    REQUIRE(store->health().last_write);
    CHECK(*store->health().last_write >= before);
    CHECK(store->health().kind == "file " + dir.path);
}

TEST_CASE("what the writer has done is counted") {
    temporary_folder dir;
    auto store = open_folder(dir.path);
    CHECK(store->written().num_done == 0);
    CHECK(store->written().rounds.total() == 0);
    REQUIRE(store->commit_and_wait(request(put("app", "v"))));
    REQUIRE(store->commit_and_wait(request(put("app", "w"), put("other", "v"))));
    CHECK_FALSE(store->commit_and_wait(request(put("", "v"))));  // refused before it came to a disk
    CHECK(store->written().num_done == 2);
    CHECK(store->written().num_failed == 0);
    CHECK(store->written().rounds.total() == 2);
    CHECK(store->written().rounds.sum > std::chrono::nanoseconds(0));
}
