// The embedded Workload API as its callers see it; a foreign client (python's gRPC) is among them.
#include "identity/workload_api_server.hpp"

#include "base/file.hpp"
#include "base/process.hpp"
#include "grpc/client.hpp"
#include "spiffe/svid_source.hpp"
#include "support/process.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace vsecm;
using namespace vsecm::identity;
using namespace std::chrono_literals;
using vsecm::test::in;

namespace {

bool const process_ready = base::harden_process().has_value();
constexpr std::string_view id = "spiffe://vsecm.com/workload/a/ns/b/sa/a/n/dev";

struct world {
    test::temp_folder folder;
    test::run_loop loop;
    issuer ca = issuer::ephemeral({}).value();
    workload_api_server api{loop.executor(), ca};
    std::string path = folder / "a.sock";

    world() { REQUIRE(api.add(std::string(id), path)); }
    ~world() { api.stop(); }
    grpc::client connect() { return loop.run(grpc::client::connect({grpc::endpoint::kind::unix_path, path, {}, 0}, {}, in(5s))).value(); }
    base::error refusal(std::string method, grpc::metadata headers) {
        auto c = connect();
        return loop.run(c.unary(std::move(method), std::move(headers), base::secret_text(), in(5s))).error();
    }
};

grpc::metadata const header{{"workload.spiffe.io", "true"}};

}  // namespace

TEST_CASE("the security header is demanded, once and exactly") {
    world w;
    for (grpc::metadata const& headers :
         {grpc::metadata{}, grpc::metadata{{"workload.spiffe.io", "True"}}, grpc::metadata{{"workload.spiffe.io", "1"}},
          grpc::metadata{{"workload.spiffe.io", "true"}, {"workload.spiffe.io", "true"}}}) {
        auto const why = w.refusal("/SpiffeWorkloadAPI/FetchX509SVID", headers);
        CHECK(why.code == base::errc::invalid);
        CHECK(why.what.contains("security header missing from request"));
    }
}

TEST_CASE("what it does not do is UNIMPLEMENTED") {
    world w;
    for (auto const* method : {"/SpiffeWorkloadAPI/FetchJWTSVID", "/SpiffeWorkloadAPI/FetchJWTBundles",
                               "/SpiffeWorkloadAPI/ValidateJWTSVID", "/SpiffeWorkloadAPI/Nothing", "/Other/FetchX509SVID", "/"}) {
        CAPTURE(method);
        CHECK(w.refusal(method, header).code == base::errc::unsupported);
    }
}

TEST_CASE("bundles are streamed with the federated ones, and again when they change") {
    world w;
    auto c = w.connect();
    auto stream = c.start("/SpiffeWorkloadAPI/FetchX509Bundles", header, {});
    auto const first = w.loop.run(stream.next(in(5s))).value();
    CHECK(first->view().contains("spiffe://vsecm.com"));
    auto const other = issuer::ephemeral({.trust_domain = "other.org"}).value();
    w.ca.set_federated("other.org", other.bundle());
    w.api.push_all();
    auto const second = w.loop.run(stream.next(in(5s))).value();
    CHECK(second->view().contains("spiffe://other.org"));
    CHECK(second->view().contains(base::as_text(other.bundle())));
}

TEST_CASE("everyone knows a new root before anyone shows a leaf of it") {
    world w;
    auto const other = w.folder / "b.sock";
    REQUIRE(w.api.add("spiffe://vsecm.com/workload/b", other));
    struct watcher {
        grpc::client connection;
        grpc::client_stream stream;
    };
    std::vector<std::unique_ptr<watcher>> all;
    std::vector<spiffe::x509_context> first;
    auto const next = [&](watcher& one) {
        auto const message = w.loop.run(one.stream.next(in(5s))).value();
        return spiffe::parse_x509_svid_response(message->bytes()).value();
    };
    for (auto const& path : {w.path, other}) {
        auto c = w.loop.run(grpc::client::connect({grpc::endpoint::kind::unix_path, path, {}, 0}, {}, in(5s))).value();
        auto stream = c.start("/SpiffeWorkloadAPI/FetchX509SVID", header, {});
        all.push_back(std::make_unique<watcher>(std::move(c), std::move(stream)));
        first.push_back(next(*all.back()));
    }
    REQUIRE(w.ca.rotate_ca());
    w.api.push_all();
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const told = next(*all[i]);
        CHECK(told.svids[0].chain() == first[i].svids[0].chain());
        CHECK(told.bundles.begin()->second.size() > first[i].bundles.begin()->second.size());
    }
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(next(*all[i]).svids[0].chain() != first[i].svids[0].chain());
}

TEST_CASE("identities come and go; their sockets with them") {
    world w;
    CHECK(w.api.add(std::string(id), w.path).error().code == base::errc::conflict);
    CHECK(w.api.add("spiffe://other.org/x", w.folder / "x.sock").error().code == base::errc::invalid);
    CHECK(::access((w.folder / "x.sock").c_str(), F_OK) != 0);
    struct ::stat info {};
    REQUIRE(::stat(w.path.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);

    auto c = w.connect();
    auto stream = c.start("/SpiffeWorkloadAPI/FetchX509SVID", header, {});
    auto const message = w.loop.run(stream.next(in(5s))).value();
    auto const context = spiffe::parse_x509_svid_response(message->bytes());
    REQUIRE(context);
    CHECK(context->svids[0].id().text() == id);
    REQUIRE(w.api.remove(w.path));
    CHECK_FALSE(w.loop.run(stream.next(in(5s))).value().has_value());
    CHECK(stream.ended().status == grpc::code::permission_denied);
    CHECK(::access(w.path.c_str(), F_OK) != 0);
    CHECK(w.api.remove(w.path).error().code == base::errc::not_found);
    CHECK(w.api.add(std::string(id), w.path));
}

#ifdef VSECM_PYTHON
TEST_CASE("python's gRPC fetches an SVID from us, sees a rotation, and openssl finds it good") {
    world w;
    test::process peer({VSECM_PYTHON, VSECM_PEERS "/workload_api_client.py", w.path},
                       {.env = {{"PATH", "/usr/bin:/bin"}}, .stdin_text = {}, .folder = w.folder.path(), .name = "python"});
    bool pushed = false;
    w.loop.until_seen(
        [&] {
            if (!pushed && peer.out().contains("update 1")) {
                w.api.push_all();
                pushed = true;
            }
            return !peer.running();
        },
        60s);
    CAPTURE(peer.err());
    auto const out = peer.out();
    if (peer.wait(1s) == 77) SKIP("python3-grpcio is not installed");
    CHECK(peer.wait(1s) == 0);
    CHECK(out.contains("update 1 " + std::string(id)));
    CHECK(out.contains("update 2 " + std::string(id)));
    CHECK(out.contains("verify OK"));
    CHECK(out.contains("no header: INVALID_ARGUMENT security header missing from request"));
    CHECK(out.contains("jwt: UNIMPLEMENTED"));
}

namespace {

void append_field(base::secret_text& out, char tag, base::byte_view bytes) {
    out.push_back(static_cast<char>(tag << 3 | 2));
    auto len = bytes.size();
    for (; len >= 0x80; len >>= 7) out.push_back(static_cast<char>((len & 0x7f) | 0x80));
    out.push_back(static_cast<char>(len));
    out.append(bytes);
}

void write_message(std::string const& path, issuer& ca, std::size_t padding) {
    auto const minted = ca.mint(id).value();
    base::secret_text svid;
    append_field(svid, 1, base::as_bytes(minted.id));
    append_field(svid, 2, minted.chain);
    append_field(svid, 3, minted.key.view());
    append_field(svid, 4, ca.bundle());
    base::secret_text message;
    append_field(message, 1, svid.bytes());
    append_field(message, 2, std::vector<std::uint8_t>(padding));  // a "CRL": larger than any frame and window
    REQUIRE(base::replace_file(base::posix_files(), path, message.bytes(), 0600));
}

}  // namespace

TEST_CASE("we fetch from python's gRPC: updates, one of 3 MiB, and a refusal") {
    test::temp_folder folder;
    test::run_loop loop;
    auto ca = issuer::ephemeral({}).value();
    auto const path = folder / "python.sock";
    write_message(folder / "1.msg", ca, 0);
    test::process peer({VSECM_PYTHON, VSECM_PEERS "/workload_api_server.py", path, folder.path()},
                       {.env = {{"PATH", "/usr/bin:/bin"}}, .stdin_text = {}, .folder = folder.path(), .name = "python"});
    bool const ready = peer.says("ready", 30s);
    if (!ready && peer.wait(1s) == 77) SKIP("python3-grpcio is not installed");
    REQUIRE(ready);

    spiffe::svid_source_options options;
    options.watch.where = {grpc::endpoint::kind::unix_path, path, {}, 0};
    auto const source = spiffe::svid_source::make(loop.executor(), options);
    source->start();
    REQUIRE(loop.run(source->wait_first(in(10s))));
    CHECK(source->state().id->text() == id);
    write_message(folder / "2.msg", ca, 3'000'000);
    loop.until([&] { return source->state().generation == 2; });
    REQUIRE(base::replace_file(base::posix_files(), folder / "refuse", {}, 0600));
    loop.until([&] { return source->state().withdrawn; });
    CHECK(source->state().problem.contains("no identity issued \xe2\x80\x93 100 % \xe2\x9c\x97"));
    source->stop();
    loop.context.restart();
    loop.context.run_for(1s);
}
#endif
