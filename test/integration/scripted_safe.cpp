#include "integration/scripted_safe.hpp"

#include "integration/caller.hpp"
#include "net/address.hpp"
#include "net/deadline.hpp"
#include "net/http_server.hpp"
#include "spiffe/svid_source.hpp"

#include <format>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace vsecm::test {

struct scripted_safe::impl final : net::http_handler {
    net::runtime loops{1};
    std::shared_ptr<spiffe::svid_source> identity;
    std::unique_ptr<net::http_server> server;
    std::mutex lock;
    struct scripted {
        unsigned status;
        std::string body;
    };
    std::map<std::string, scripted> answers{{"GET /workload/v1/secrets", {404, {}}}};
    std::atomic<std::size_t> num{0};
    std::atomic<bool> tags_anew{false};
    std::atomic<std::chrono::milliseconds> longer{};
    std::thread thread;

    net::awaitable<net::http_response> handle(net::http_request& request, net::http_exchange&) override {
        net::http_response response;
        {
            std::scoped_lock const guard(lock);
            auto const found = answers.find(request.method + " " + request.path);
            response.status = found == answers.end() ? 400 : found->second.status;
            if (found != answers.end()) response.body = base::secret_text(found->second.body);
        }
        ++num;
        if (tags_anew) response.headers.emplace_back("ETag", std::format("\"{}\"", num.load()));
        if (auto const more = longer.load(); more.count() > 0) static_cast<void>(co_await net::sleep_for(more));
        if (response.status == 0) static_cast<void>(co_await net::sleep_for(std::chrono::minutes{10}));
        co_return response;
    }

    net::awaitable<void> begin(std::shared_ptr<std::promise<bool>> began) {
        identity->start();
        auto const ready = co_await identity->wait_first(net::steady_clock::now() + std::chrono::seconds{20});
        if (ready) server->start();
        began->set_value(ready.has_value());
    }
};

scripted_safe::scripted_safe(environment_map const& environment, std::string server_header) : impl_(std::make_unique<impl>()) {
    prepare_process();
    auto& i = *impl_;
    spiffe::svid_source_options who;
    auto where = spiffe::parse_endpoint_socket(environment.at("SPIFFE_ENDPOINT_SOCKET"));
    if (!where) throw std::runtime_error(where.error().what);
    who.watch.where = *std::move(where);
    who.connect = false;
    i.identity = spiffe::svid_source::make(i.loops.loop(0), std::move(who));
    auto listener = net::listen_tcp({"127.0.0.1", 0});
    if (!listener) throw std::runtime_error(listener.error().what);
    net::http_server_options options;
    options.server_header = std::move(server_header);
    i.server = std::make_unique<net::http_server>(i.loops, *std::move(listener), i.identity->tls(net::tls_role::server), i, options);
    i.loops.set_grace(std::chrono::seconds{2});
    i.loops.on_stop("http", [&i] {
        i.server->stop_taking_in();
        i.identity->stop();
    });
    auto began = std::make_shared<std::promise<bool>>();
    auto outcome = began->get_future();
    i.loops.spawn(0, "begin", i.begin(std::move(began)));
    i.thread = std::thread([&i] { i.loops.run(); });
    if (outcome.get()) return;
    i.loops.stop();
    i.thread.join();
    throw std::runtime_error("a scripted safe gets no identity");
}

scripted_safe::~scripted_safe() {
    impl_->loops.stop();
    impl_->thread.join();
}

unsigned scripted_safe::port() const { return impl_->server->port(); }

void scripted_safe::answer(std::string const& asked, unsigned status, std::string body) {
    std::scoped_lock const guard(impl_->lock);
    impl_->answers[asked] = {status, std::move(body)};
}

void scripted_safe::tag_anew() { impl_->tags_anew = true; }

void scripted_safe::take_time(std::chrono::milliseconds longer) { impl_->longer = longer; }

std::size_t scripted_safe::num_fetches() const { return impl_->num; }

}  // namespace vsecm::test
