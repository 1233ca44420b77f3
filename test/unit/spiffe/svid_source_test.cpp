// The whole way of an identity: embedded issuer, Workload API, source, TLS contexts, handshakes.
#include "spiffe/svid_source.hpp"

#include "grpc/server.hpp"
#include "identity/workload_api_server.hpp"
#include "net/tls_stream.hpp"
#include "spiffe/peer_verifier.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

using namespace vsecm;
using namespace vsecm::spiffe;
using namespace std::chrono_literals;
using vsecm::test::in;
namespace asio = net::asio;

namespace {

constexpr std::string_view safe_id = "spiffe://vsecm.com/workload/vsecm-safe/ns/vsecm-system/sa/vsecm-safe/n/dev";
constexpr std::string_view billing_id = "spiffe://vsecm.com/workload/billing/ns/shop/sa/billing/n/dev";

struct world {
    test::temp_folder folder;
    test::run_loop loop;
    identity::issuer ca = identity::issuer::ephemeral({}).value();
    std::unique_ptr<identity::workload_api_server> api = std::make_unique<identity::workload_api_server>(loop.executor(), ca);
    std::vector<std::shared_ptr<svid_source>> sources;

    std::string socket(std::string_view name) const { return folder / (std::string(name) + ".sock"); }
    svid_source_options options(std::string_view name) const {
        svid_source_options o;
        o.watch.where = {grpc::endpoint::kind::unix_path, socket(name), {}, 0};
        o.watch.first_retry = 20ms;
        o.watch.max_retry = 100ms;
        return o;
    }
    std::shared_ptr<svid_source> start(svid_source_options o) {
        sources.push_back(svid_source::make(loop.executor(), std::move(o)));
        sources.back()->start();
        return sources.back();
    }
    std::shared_ptr<svid_source> ready(std::string_view name, std::string_view id) {
        REQUIRE(api->add(std::string(id), socket(name)));
        auto source = start(options(name));
        REQUIRE(loop.run(source->wait_first(in(10s))));
        return source;
    }
    ~world() {
        for (auto const& source : sources) source->stop();
        api->stop();
        loop.context.restart();
        loop.context.run_for(2s);
    }
};

struct connection {
    std::unique_ptr<net::tls_stream> server, client;
    base::status server_result, client_result;
    bool good() const { return server_result && client_result; }
};

net::awaitable<bool> handshake_into(net::tls_stream& stream, base::status& result) {
    result = co_await stream.handshake();
    co_return true;
}

// A real TCP connection and both halves of a TLS handshake.
connection connect(test::run_loop& loop, net::tls_source const& server, net::tls_source const& client) {
    asio::basic_socket_acceptor<asio::ip::tcp, net::executor> acceptor(loop.executor(), {asio::ip::make_address("127.0.0.1"), 0});
    net::tcp_socket near(loop.executor());
    near.connect(acceptor.local_endpoint());
    net::tcp_socket far = acceptor.accept();
    connection made;
    made.server = std::make_unique<net::tls_stream>(std::move(far), server.current(), net::tls_role::server);
    made.client = std::make_unique<net::tls_stream>(std::move(near), client.current(), net::tls_role::client);
    int num_done = 0;
    auto const done = [&num_done](std::exception_ptr thrown, bool) {
        CHECK_FALSE(thrown);
        ++num_done;
    };
    asio::co_spawn(loop.context, handshake_into(*made.server, made.server_result), done);
    asio::co_spawn(loop.context, handshake_into(*made.client, made.client_result), done);
    loop.until([&] { return num_done == 2; });
    return made;
}

net::awaitable<base::result<std::string>> carry(net::tls_stream& from, net::tls_stream& to, std::string text) {
    auto sent = co_await from.write_all(base::as_bytes(text));
    if (!sent) co_return std::unexpected(sent.error());
    std::vector<std::uint8_t> bytes(100);
    auto got = co_await to.read_some(bytes);
    if (!got) co_return std::unexpected(got.error());
    co_return std::string(base::as_text(base::byte_view(bytes).first(*got)));
}

}  // namespace

TEST_CASE("two identities meet: each knows the other's name") {
    world w;
    auto const safe = w.ready("safe", safe_id);
    auto const billing = w.ready("billing", billing_id);
    CHECK(safe->state().id->text() == safe_id);
    CHECK(safe->state().generation == 1);
    CHECK(safe->state().expires > base::system_clock().now() + 50min);
    CHECK_FALSE(safe->state().withdrawn);
    auto const c = connect(w.loop, *safe->tls(net::tls_role::server), *billing->tls(net::tls_role::client));
    REQUIRE(c.good());
    CHECK(c.server->peer()->id() == billing_id);
    CHECK(c.client->peer()->id() == safe_id);
    CHECK(c.server->peer()->still_valid(base::system_clock().now()));
    CHECK_FALSE(c.server->peer()->still_valid(base::system_clock().now() + 2h));
    // The next connection of the same client is remembered, by both sides.
    auto const remembered = num_remembered_leaves();
    CHECK(connect(w.loop, *safe->tls(net::tls_role::server), *billing->tls(net::tls_role::client)).good());
    CHECK(num_remembered_leaves() == remembered);
}

TEST_CASE("a server that is not the wanted one fails in the handshake, by name") {
    world w;
    auto const billing = w.ready("billing", billing_id);
    REQUIRE(w.api->add(std::string(safe_id), w.socket("safe")));
    auto o = w.options("safe");
    o.accept_server = [](std::string_view id) -> base::status {
        if (id == safe_id) return {};
        return base::fail(base::errc::denied, "the server's identity {} is not vsecm-safe", id);
    };
    o.accept_client = [](std::string_view id) -> base::status { return base::fail(base::errc::denied, "{} is not welcome", id); };
    auto const picky = w.start(o);
    REQUIRE(w.loop.run(picky->wait_first(in(10s))));
    auto const c = connect(w.loop, *billing->tls(net::tls_role::server), *picky->tls(net::tls_role::client));
    REQUIRE_FALSE(c.client_result.has_value());
    CHECK(c.client_result.error().code == base::errc::denied);
    CHECK(c.client_result.error().what.contains(std::format("the server's identity {} is not vsecm-safe", billing_id)));
    auto const d = connect(w.loop, *picky->tls(net::tls_role::server), *billing->tls(net::tls_role::client));
    REQUIRE_FALSE(d.server_result.has_value());
    CHECK(d.server_result.error().what.contains("is not welcome"));
}

TEST_CASE("rotation makes a new context; a live connection goes on with the old one") {
    world w;
    auto const safe = w.ready("safe", safe_id);
    auto const billing = w.ready("billing", billing_id);
    auto const c = connect(w.loop, *safe->tls(net::tls_role::server), *billing->tls(net::tls_role::client));
    REQUIRE(c.good());
    auto const before = safe->tls(net::tls_role::server)->current();
    w.api->push_all();
    w.loop.until([&] { return safe->state().generation == 2 && billing->state().generation == 2; });
    CHECK(safe->tls(net::tls_role::server)->current() != before);
    CHECK(safe->tls(net::tls_role::server)->current()->generation == 2);
    CHECK(w.loop.run(carry(*c.client, *c.server, "still here")).value() == "still here");
    CHECK(w.loop.run(carry(*c.server, *c.client, "so am I")).value() == "so am I");
    CHECK(c.server->peer()->still_valid(base::system_clock().now()));
    CHECK(connect(w.loop, *safe->tls(net::tls_role::server), *billing->tls(net::tls_role::client)).good());
}

TEST_CASE("SVIDs rotate by themselves at half of their life") {
    world w;
    REQUIRE(w.api->add(std::string(safe_id), w.socket("safe"), 2s));
    auto const safe = w.start(w.options("safe"));
    w.loop.until([&] { return safe->state().generation >= 3; });
    CHECK(safe->state().problem.empty());
}

TEST_CASE("the CA changes and nobody is cut off; a root that is withdrawn cuts off") {
    world w;
    auto const safe = w.ready("safe", safe_id);
    auto const billing = w.ready("billing", billing_id);
    auto const c = connect(w.loop, *safe->tls(net::tls_role::server), *billing->tls(net::tls_role::client));
    REQUIRE(w.ca.rotate_ca());
    w.api->push_all();
    // First the new root, then the new leaf.
    w.loop.until([&] { return safe->state().generation == 3 && billing->state().generation == 3; });
    CHECK(c.server->peer()->still_valid(base::system_clock().now()));
    auto const d = connect(w.loop, *safe->tls(net::tls_role::server), *billing->tls(net::tls_role::client));
    CHECK(d.good());

    // Federation, and its end.
    auto foreign = identity::issuer::ephemeral({.trust_domain = "other.org"}).value();
    identity::workload_api_server foreign_api(w.loop.executor(), foreign);
    foreign.set_federated("vsecm.com", w.ca.bundle());
    REQUIRE(foreign_api.add("spiffe://other.org/guest", w.socket("guest")));
    auto const guest = w.start(w.options("guest"));
    REQUIRE(w.loop.run(guest->wait_first(in(10s))));
    auto const stranger = connect(w.loop, *safe->tls(net::tls_role::server), *guest->tls(net::tls_role::client));
    CHECK_FALSE(stranger.server_result.has_value());
    CHECK(stranger.server_result.error().what.contains("nothing is known about the trust domain other.org"));
    w.ca.set_federated("other.org", foreign.bundle());
    w.api->push_all();
    w.loop.until([&] { return safe->state().generation == 5; });
    auto const welcome = connect(w.loop, *safe->tls(net::tls_role::server), *guest->tls(net::tls_role::client));
    REQUIRE(welcome.good());
    CHECK(welcome.server->peer()->id() == "spiffe://other.org/guest");
    // A malformed bundle of theirs ends the federation, and does not keep our own rotation out.
    w.ca.set_federated("other.org", {0x30, 0x03, 0x02, 0x01, 0x05});
    REQUIRE(w.ca.rotate_ca());
    w.api->push_all();
    w.loop.until([&] { return safe->state().generation == 7; });
    CHECK(safe->state().problem.empty());
    CHECK_FALSE(welcome.server->peer()->still_valid(base::system_clock().now()));
    CHECK(d.server->peer()->still_valid(base::system_clock().now()));
    foreign_api.stop();
}

TEST_CASE("no socket: the sentence names the path, and a command does not wait for the deadline") {
    world w;
    auto const source = w.start(w.options("missing"));
    auto const started = std::chrono::steady_clock::now();
    auto const failed = w.loop.run(source->wait_first(in(30s), svid_source::patience::until_first_error));
    CHECK(std::chrono::steady_clock::now() - started < 10s);
    CHECK(failed.error().code == base::errc::no_identity);
    CHECK(failed.error().what == std::format("no SPIFFE Workload API at unix://{}: the socket does not exist. Is the SPIRE agent running and "
                                             "its socket mounted? Set SPIFFE_ENDPOINT_SOCKET.", w.socket("missing")));
    CHECK(source->tls(net::tls_role::client)->current() == nullptr);
    // A service waits, and is there when the agent comes.
    CHECK(w.loop.run(source->wait_first(in(50ms))).error().code == base::errc::no_identity);
    REQUIRE(w.api->add(std::string(safe_id), w.socket("missing")));
    CHECK(w.loop.run(source->wait_first(in(10s))));
    CHECK(source->state().problem.empty());
}

TEST_CASE("a wait that is cancelled says so, and news does not look for it any more") {
    world w;
    auto const source = w.start(w.options("missing"));
    asio::cancellation_signal stop;
    std::optional<base::errc> ended;
    asio::co_spawn(w.loop.executor(), source->wait_first(in(30s)), asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr thrown, base::status const& how) {
        ended = thrown || how ? base::errc::internal : how.error().code;
    }));
    w.loop.until([&] { return !source->state().problem.empty(); });
    stop.emit(asio::cancellation_type::terminal);
    w.loop.until([&] { return ended.has_value(); });
    CHECK(ended == base::errc::cancelled);
    REQUIRE(w.api->add(std::string(safe_id), w.socket("missing")));
    CHECK(w.loop.run(source->wait_first(in(10s))));
}

TEST_CASE("no identity issued, then issued, then withdrawn") {
    world w;
    REQUIRE(w.api->add(std::string(safe_id), w.socket("safe")));
    REQUIRE(w.api->set_issued(w.socket("safe"), false));
    auto const source = w.start(w.options("safe"));
    auto const failed = w.loop.run(source->wait_first(in(30s), svid_source::patience::until_first_error));
    CHECK(failed.error().code == base::errc::no_identity);
    CHECK(failed.error().what.contains("no identity issued"));
    CHECK(source->state().withdrawn);
    REQUIRE(w.api->set_issued(w.socket("safe"), true));
    REQUIRE(w.loop.run(source->wait_first(in(10s))));
    CHECK_FALSE(source->state().withdrawn);
    REQUIRE(w.api->set_issued(w.socket("safe"), false));
    w.loop.until([&] { return source->state().withdrawn; });
    CHECK(source->tls(net::tls_role::server)->current() != nullptr);  // kept until it expires, but reported
    REQUIRE(w.api->set_issued(w.socket("safe"), true));
    w.loop.until([&] { return !source->state().withdrawn; });
}

TEST_CASE("the agent restarts: the source reconnects, identity in hand all the while") {
    world w;
    auto const source = w.ready("safe", safe_id);
    w.api->stop();
    w.loop.until([&] { return !source->state().problem.empty(); });
    CHECK(source->tls(net::tls_role::server)->current() != nullptr);
    CHECK_FALSE(source->state().withdrawn);
    w.api = std::make_unique<identity::workload_api_server>(w.loop.executor(), w.ca);
    REQUIRE(w.api->add(std::string(safe_id), w.socket("safe")));
    w.loop.until([&] { return source->state().problem.empty() && source->state().generation == 2; });
}

TEST_CASE("an identity of another kind than needed is said by name; the first welcome one is used") {
    world w;
    REQUIRE(w.api->add(std::string(billing_id), w.socket("billing")));
    auto o = w.options("billing");
    o.accept_self = [](std::string_view id) -> base::status {
        return base::fail(base::errc::no_identity, "{} is not vsecm-sentinel", id);
    };
    auto const source = w.start(o);
    auto const failed = w.loop.run(source->wait_first(in(30s), svid_source::patience::until_first_error));
    CHECK(failed.error().code == base::errc::no_identity);
    CHECK(failed.error().what.contains(std::format("{} is not vsecm-sentinel", billing_id)));
    CHECK_FALSE(source->state().withdrawn);
}

TEST_CASE("an SVID past its date is not handed out") {
    world w;
    base::manual_clock clock(base::system_clock().now());
    REQUIRE(w.api->add(std::string(safe_id), w.socket("safe")));
    auto o = w.options("safe");
    o.clock = &clock;
    auto const source = w.start(o);
    REQUIRE(w.loop.run(source->wait_first(in(10s))));
    CHECK(source->tls(net::tls_role::client)->current() != nullptr);
    clock.advance(61min);
    CHECK(source->tls(net::tls_role::client)->current() == nullptr);
}

TEST_CASE("whom to trust is taken also from an update whose SVID is of no use") {
    world w;
    base::manual_clock clock(base::system_clock().now());
    auto foreign = identity::issuer::ephemeral({.trust_domain = "other.org"}).value();
    identity::workload_api_server foreign_api(w.loop.executor(), foreign);
    foreign.set_federated("vsecm.com", w.ca.bundle());
    REQUIRE(foreign_api.add("spiffe://other.org/guest", w.socket("guest")));
    auto const guest = w.start(w.options("guest"));
    REQUIRE(w.loop.run(guest->wait_first(in(10s))));
    w.ca.set_federated("other.org", foreign.bundle());
    REQUIRE(w.api->add(std::string(safe_id), w.socket("safe")));
    auto o = w.options("safe");
    o.clock = &clock;
    auto const safe = w.start(o);
    REQUIRE(w.loop.run(safe->wait_first(in(10s))));
    auto const welcome = connect(w.loop, *safe->tls(net::tls_role::server), *guest->tls(net::tls_role::client));
    REQUIRE(welcome.good());
    REQUIRE(welcome.server->peer()->still_valid(base::system_clock().now()));

    // By the clock of safe the next SVID has expired when it comes; the federation has ended meanwhile.
    clock.advance(1min);
    REQUIRE(w.api->remove(w.socket("safe")));
    w.ca.set_federated("other.org", {0x30, 0x03, 0x02, 0x01, 0x05});
    REQUIRE(w.api->add(std::string(safe_id), w.socket("safe"), 5s));
    w.loop.until([&] { return safe->state().problem.contains("has expired"); });
    CHECK_FALSE(welcome.server->peer()->still_valid(base::system_clock().now()));
    CHECK_FALSE(connect(w.loop, *safe->tls(net::tls_role::server), *guest->tls(net::tls_role::client)).server_result);
    // The SVID held is in date, and goes on.
    auto const billing = w.ready("billing", billing_id);
    CHECK(connect(w.loop, *safe->tls(net::tls_role::server), *billing->tls(net::tls_role::client)).good());
    CHECK(safe->state().problem.contains("has expired"));
    foreign_api.stop();
}

TEST_CASE("a server that is no Workload API is asked again, and garbage is survived") {
    world w;
    int num_refused = 0;
    grpc::server refusing(w.loop.executor(), [&](std::shared_ptr<grpc::server_call> call) {
        ++num_refused;
        call->finish({grpc::code::invalid_argument, "security header missing from request"});
    });
    REQUIRE(refusing.listen_unix(w.socket("refusing"), 0600));
    auto const refused = w.start(w.options("refusing"));
    auto const failed = w.loop.run(refused->wait_first(in(30s), svid_source::patience::until_first_error));
    CHECK(failed.error().what.contains("is not a SPIFFE Workload API we can use: INVALID_ARGUMENT: security header missing"));
    w.loop.until([&] { return num_refused >= 3; });
    refusing.stop();
    REQUIRE(w.api->add(std::string(safe_id), w.socket("refusing")));
    CHECK(w.loop.run(refused->wait_first(in(10s))));

    int num_calls = 0;
    std::shared_ptr<grpc::server_call> held;
    grpc::server lying(w.loop.executor(), [&](std::shared_ptr<grpc::server_call> call) {
        ++num_calls;
        static_cast<void>(call->send(base::as_bytes("\x0f garbage")));
        held = std::move(call);
    });
    REQUIRE(lying.listen_unix(w.socket("lying"), 0600));
    auto const source = w.start(w.options("lying"));
    auto const garbage = w.loop.run(source->wait_first(in(30s), svid_source::patience::until_first_error));
    CHECK(garbage.error().what.contains("malformed X509SVIDResponse"));
    // The stream stays open: a good message after a bad one is taken.
    CHECK(num_calls == 1);
    CHECK_FALSE(held->closed());

    asio::basic_socket_acceptor<asio::local::stream_protocol, net::executor> raw(
        w.loop.executor(), asio::local::stream_protocol::endpoint(w.socket("raw")));
    auto const shouted = w.start(w.options("raw"));
    net::unix_socket peer(w.loop.executor());
    bool accepted = false;
    raw.async_accept(peer, [&](net::error_code) { accepted = true; });
    w.loop.until([&] { return accepted; });
    std::string const noise(100'000, '\xff');
    net::error_code ignored;
    asio::write(peer, asio::buffer("HTTP/1.1 400 Bad Request\r\n\r\n" + noise), ignored);
    auto const broken = w.loop.run(shouted->wait_first(in(30s), svid_source::patience::until_first_error));
    CHECK(broken.error().code == base::errc::no_identity);
    held.reset();
    lying.stop();
}

TEST_CASE("a server that becomes no Workload API again is told of again") {
    world w;
    int num_refused = 0;
    grpc::server there(w.loop.executor(), [&](std::shared_ptr<grpc::server_call> call) {
        if (++num_refused == 2) static_cast<void>(call->send(base::as_bytes("\x0f garbage")));
        call->finish({grpc::code::invalid_argument, "security header missing from request"});
    });
    REQUIRE(there.listen_unix(w.socket("there"), 0600));
    auto const source = w.start(w.options("there"));
    w.loop.until([&] { return num_refused >= 3; });
    CHECK(source->state().problem.contains("is not a SPIFFE Workload API we can use"));
    there.stop();
}
