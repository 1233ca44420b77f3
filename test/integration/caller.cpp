#include "integration/caller.hpp"

#include "base/log.hpp"
#include "base/process.hpp"
#include "client/session.hpp"

#include <deque>
#include <optional>
#include <stdexcept>

namespace vsecm::test {
namespace {

base::environment as_environment(environment_map const& pairs);

}  // namespace

struct caller::impl {
    net::asio::io_context loop{1};
    std::optional<client::session> session;
    net::endpoint server;
    std::optional<net::http_client> http;
    std::deque<net::http_client> idle;
    std::size_t num_answered = 0, num_workers = 0, next = 0;

    // Runs until `work` ends; false if `limit` passes first.
    bool run(net::awaitable<void> work, std::chrono::seconds limit) {
        bool ended = false;
        net::asio::co_spawn(loop, std::move(work), [&ended](std::exception_ptr) { ended = true; });
        auto const deadline = std::chrono::steady_clock::now() + limit;
        loop.restart();
        while (!ended && std::chrono::steady_clock::now() < deadline) loop.run_one_until(deadline);
        return ended;
    }

    net::http_client new_client() { return net::http_client(loop.get_executor(), session->identity().tls(net::tls_role::client), server); }
};

namespace {

base::environment as_environment(environment_map const& pairs) { return base::environment(std::map<std::string, std::string, std::less<>>(pairs.begin(), pairs.end())); }

net::awaitable<void> open(client::session& session, base::status& outcome) { outcome = co_await session.open(spiffe::svid_source::patience::until_deadline); }

net::awaitable<void> ask(net::http_client& http, net::http_client_request request, std::chrono::seconds limit, answer& given) {
    auto got = co_await http.send(std::move(request), limit);
    if (!got) {
        given.error = std::string(base::name_of(got.error().code)) + ": " + got.error().what;
        co_return;
    }
    given.status = got->status;
    given.body = got->body.view();
    given.reason = got->fields["Vsecm-Reason"];
    given.etag = got->fields["ETag"];
    given.server = got->fields["Vsecm-Server"];
}

// One of several that open connections; `next` is the one to open now, up to `end`.
net::awaitable<void> open_some(std::deque<net::http_client>& all, std::size_t& next, std::size_t end, std::size_t& num_answered, std::size_t& num_workers) {
    while (next < end) {
        auto& http = all[next++];
        net::http_client_request request;
        request.target = "/workload/v1/secrets";
        answer given;
        co_await ask(http, std::move(request), std::chrono::seconds{30}, given);
        if (given.status == 200 || given.status == 404) ++num_answered;
    }
    --num_workers;
}

}  // namespace

void prepare_process() {
    static bool const ready = base::harden_process().has_value();
    if (!ready) throw std::runtime_error("libsodium does not start");
    base::log::configure(base::log::level::error, base::log::format::text, "test");
}

caller::caller(environment_map const& environment) : impl_(std::make_unique<impl>()) {
    prepare_process();
    auto const env = as_environment(environment);
    std::vector<std::string> warnings;
    auto identity = config::identity_settings::load(env, warnings);
    auto settings = config::client_settings::load(env, warnings);
    if (!identity || !settings) throw std::runtime_error("settings of a caller");
    auto made = client::session::make(impl_->loop.get_executor(), *identity, *settings, client::self_kind::any);
    if (!made) throw std::runtime_error(made.error().what);
    impl_->session.emplace(*std::move(made));
    base::status opened = base::fail(base::errc::timeout, "no identity in time");
    impl_->run(open(*impl_->session, opened), std::chrono::seconds{30});
    if (!opened) throw std::runtime_error(opened.error().what);
    impl_->server = *net::parse_https_endpoint(settings->endpoint);
    impl_->http.emplace(impl_->new_client());
}

caller::~caller() {
    if (impl_ && impl_->session) impl_->session->close();
}
caller::caller(caller&&) noexcept = default;

answer caller::send(std::string_view method, std::string_view target, std::string_view body, headers more, std::chrono::seconds limit) {
    net::http_client_request request;
    request.method = method;
    request.target = target;
    request.body = base::secret_text(body);
    request.headers = std::move(more);
    auto given = std::make_shared<answer>();
    if (!impl_->run(ask(*impl_->http, std::move(request), limit, *given), limit + std::chrono::seconds{5})) throw std::runtime_error("a request outlives its deadline");
    return *given;
}

void caller::move_to(unsigned port) {
    impl_->server.port = static_cast<std::uint16_t>(port);
    impl_->http.emplace(impl_->new_client());
}

void caller::drop_connection() { impl_->http->close(); }

std::size_t caller::open_idle(std::size_t num, std::chrono::seconds limit) {
    auto& all = impl_->idle;
    impl_->next = all.size();
    for (std::size_t i = 0; i < num; ++i) all.push_back(impl_->new_client());
    impl_->num_answered = 0;
    impl_->num_workers = 32;
    for (std::size_t i = 0; i < 32; ++i)
        net::asio::co_spawn(impl_->loop, open_some(all, impl_->next, all.size(), impl_->num_answered, impl_->num_workers), net::asio::detached);
    auto const deadline = std::chrono::steady_clock::now() + limit;
    impl_->loop.restart();
    while (impl_->num_workers > 0 && std::chrono::steady_clock::now() < deadline) impl_->loop.run_one_until(deadline);
    impl_->next = all.size();  // out of time: the rest is not opened
    while (impl_->num_workers > 0) impl_->loop.run_one();
    return impl_->num_answered;
}

void caller::close_idle(std::size_t num) {
    for (; num > 0 && !impl_->idle.empty(); --num) impl_->idle.pop_front();
}

std::size_t caller::num_idle_answering(std::size_t num) {
    std::size_t answered = 0;
    for (std::size_t i = 0; i < num && i < impl_->idle.size(); ++i) {
        net::http_client_request request;
        request.target = "/workload/v1/secrets";
        answer given;
        impl_->run(ask(impl_->idle[i], std::move(request), std::chrono::seconds{10}, given), std::chrono::seconds{15});
        if (given.status == 200 || given.status == 404) ++answered;
    }
    return answered;
}

}  // namespace vsecm::test
