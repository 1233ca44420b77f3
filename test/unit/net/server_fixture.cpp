#include "unit/net/server_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

namespace vsecm::test {

using net::awaitable;

awaitable<net::http_response> path_handler::handle(net::http_request& request, net::http_exchange& exchange) {
    net::http_response response;
    response.content_type = "text/plain; charset=utf-8";
    auto const text = [&](std::string_view t) { response.body = base::secret_text(t); };
    auto const number = [&](std::string_view name) {
        auto const value = net::query_parameter(request.query, name);
        return value && *value ? std::stol(**value) : 0L;
    };
    if (request.path == "/ok") {
        text("hello");
    } else if (request.path == "/echo") {
        response.body = std::move(request.body);
    } else if (request.path == "/who") {
        text(request.peer ? request.peer->id() : "nobody");
    } else if (request.path == "/loop") {
        text(std::to_string(exchange.loop_index()));
    } else if (request.path == "/big") {
        response.body.resize(static_cast<std::size_t>(number("n")));
    } else if (request.path == "/held") {
        text(std::to_string(held));
    } else if (request.path == "/throw") {
        throw std::runtime_error("as asked");
    } else if (request.path == "/slow") {
        auto const pause = co_await net::sleep_for(std::chrono::milliseconds(300));
        text(pause ? "late" : "cancelled");
    } else if (request.path == "/hold") {
        net::wake_signal signal;
        {
            std::scoped_lock const guard(lock_);
            waiting_[&signal] = exchange.loop_index();
        }
        ++held;
        auto const ms = number("ms");
        auto const woken = co_await exchange.hold(signal, net::steady_clock::now() + std::chrono::milliseconds(ms ? ms : 20'000));
        --held;
        {
            std::scoped_lock const guard(lock_);
            waiting_.erase(&signal);
        }
        if (!woken) ++cancelled;
        response.status = woken ? (*woken ? 200 : 304) : 503;
        if (response.status != 304) text(woken ? "woken" : exchange.stopping() ? "stopping" : "gone");
    } else {
        text(request.path + "|" + request.query);
    }
    co_return response;
}

void path_handler::ring(net::runtime& loops) {
    std::scoped_lock const guard(lock_);
    for (auto const& [signal, loop] : waiting_) {
        net::asio::post(loops.loop(loop), [this, signal] {
            std::scoped_lock const inner(lock_);
            if (waiting_.contains(signal)) signal->notify();
        });
    }
}

server_fixture::server_fixture(server_options options)
    : loops(std::make_unique<net::runtime>(options.num_loops)) {
    auto listener = net::listen_tcp({"127.0.0.1", 0});
    REQUIRE(listener);
    net::http_server_options o;
    o.limits = options.limits;
    o.server_header = "vsecm/test";
    server = std::make_unique<net::http_server>(*loops, *std::move(listener),
        source_of(ca.context(net::tls_role::server, server_leaf, options.groups, peers_valid)), handler, o);
    server->start();
    loops->set_grace(std::chrono::seconds(2));
    loops->on_stop("http", [this] { server->stop_taking_in(); },
        [this](net::steady_clock::time_point deadline) { return server->finish(deadline); });
    thread_ = std::thread([this] { status_ = loops->run(); });
}

int server_fixture::join() {
    if (thread_.joinable()) thread_.join();
    return status_;
}

server_fixture::~server_fixture() {
    stop();
    join();
    server.reset();
}

}  // namespace vsecm::test
