// A server that answers sentinel's calls as it is told to, and remembers what it was asked.
#pragma once

#include "net/address.hpp"
#include "net/http_server.hpp"
#include "roles/sentinel/actions.hpp"
#include "support/run_loop.hpp"
#include "support/tls_identity.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <mutex>
#include <thread>

namespace vsecm::roles::sentinel::testing {

// Answers as it is told to, over real mutual TLS; remembers what it was asked.
class scripted_safe final : public net::http_handler {
public:
    struct answer {
        unsigned status = 200;
        std::string body;
        std::string warning;
    };

    // Without a server header it is an original.
    explicit scripted_safe(std::string server_header) {
        net::http_server_options options;
        options.server_header = std::move(server_header);
        auto listener = net::listen_tcp({"127.0.0.1", 0});
        REQUIRE(listener.has_value());
        auto const context = ca.context(net::tls_role::server, server_leaf, "X25519");
        server = std::make_unique<net::http_server>(loops, *std::move(listener), test::source_of(context), *this, options);
        server->start();
        loops.set_grace(std::chrono::seconds(2));
        loops.on_stop("http", [this] { server->stop_taking_in(); });
        thread = std::thread([this] { loops.run(); });
    }
    ~scripted_safe() override {
        loops.stop();
        thread.join();
    }

    net::awaitable<net::http_response> handle(net::http_request& request, net::http_exchange&) override {
        std::scoped_lock const guard(lock);
        auto const asked = request.method + " " + request.path;
        requests.push_back(asked);
        bodies.emplace_back(request.body.view());
        net::http_response response;
        auto const found = answers.find(asked);
        if (found == answers.end()) {
            response.status = 400;
            co_return response;
        }
        if (on_request) on_request(asked);
        response.status = found->second.status;
        response.body = base::secret_text(found->second.body);
        if (!found->second.warning.empty()) response.headers.emplace_back(api::header_warning, found->second.warning);
        co_return response;
    }

    // What `call`, given a client of this server, gives.
    template <class Result>
    Result ask(std::function<net::awaitable<Result>(client::safe_client&)> call, std::string const& below = {}) {
        test::run_loop loop;
        client::safe_client safe(loop.executor(), test::source_of(client), {"127.0.0.1", server->port(), below});
        auto result = loop.run(call(safe));
        safe.close();
        return result;
    }

    outcome perform(std::vector<std::string_view> words, std::string const& below = {}) {
        auto asked = parse_command_line(words);
        REQUIRE(asked.has_value());
        prepared_command ready;
        ready.value = base::secret_text(asked->value.text);
        ready.asked = *std::move(asked);
        return ask<outcome>([&](client::safe_client& safe) { return roles::sentinel::perform(safe, std::move(ready)); }, below);
    }

    std::mutex lock;
    std::map<std::string, answer> answers;
    std::function<void(std::string const& asked)> on_request;  // before the answer is looked at; may change it
    std::vector<std::string> requests, bodies;

    test::test_ca ca;
    test::leaf server_leaf = ca.issue("spiffe://test/safe");
    test::leaf client_leaf = ca.issue("spiffe://test/sentinel");
    std::shared_ptr<net::tls_context const> client = ca.context(net::tls_role::client, client_leaf, "X25519");
    net::runtime loops{1};
    std::unique_ptr<net::http_server> server;
    std::thread thread;
};

inline constexpr char list[] = "GET /sentinel/v1/secrets";
inline constexpr char put[] = "POST /sentinel/v1/secrets";
inline constexpr char status[] = "GET /sentinel/v1/status";

}  // namespace vsecm::roles::sentinel::testing
