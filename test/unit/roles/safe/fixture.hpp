// Handlers without a socket: a vault, plain requests, plain answers.
#pragma once

#include "api/messages.hpp"
#include "roles/safe/handlers/handler.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sodium.h>

#include <functional>

namespace vsecm::roles::safe::testing {

using base::errc;

// Never holds: the deadline has always passed. `during` happens while the request would be held.
struct still_exchange final : net::http_exchange {
    net::executor loop;
    std::function<void()> during;
    bool ends = false;
    bool client_leaves = false;
    explicit still_exchange(net::executor l) : loop(std::move(l)) {}
    net::executor get_executor() override { return loop; }
    std::size_t loop_index() const noexcept override { return 0; }
    bool stopping() const noexcept override { return ends; }
    net::awaitable<base::result<bool>> hold(net::wake_signal&, net::steady_clock::time_point) override {
        if (client_leaves) co_return base::fail(errc::cancelled, "the client has gone");
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
    std::shared_ptr<crypto::root_key const> key;
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
        key = std::make_shared<crypto::root_key const>(crypto::root_key::generate());
        open();
    }

    // Again what was there, as after a restart.
    void open() {
        safe.reset();
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
    answer scout() {
        auto r = request("");
        request_context ctx;
        ctx.who = {spiffe::caller_kind::scout, "vsecm-scout", "vsecm-system"};
        return run(handle_fetch(*safe, ctx, r, exchange));
    }
    answer fetch(std::string name, std::string space = "default", std::string etag = {}, std::string query = {}) {
        auto r = request("");
        if (!etag.empty()) r.fields.add("If-None-Match", etag);
        r.query = std::move(query);
        request_context ctx;
        ctx.who = {spiffe::caller_kind::workload, std::move(name), space.empty() ? std::nullopt : std::optional(std::move(space))};
        return run(handle_fetch(*safe, ctx, r, exchange));
    }
};

inline std::string header(net::http_response const& r, std::string_view name) {
    for (auto const& [key, value] : r.headers)
        if (key == name) return value;
    return {};
}

inline std::string body_of(answer const& a) { return a ? std::string(a->body.view()) : "error: " + a.error().what; }

}  // namespace vsecm::roles::safe::testing
