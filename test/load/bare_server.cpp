// The HTTP server of src/net with a handler that does nothing: what a request costs before safe begins to work. For
// comparison with nginx serving a file; needs certificates as PEM files.
#include "net/address.hpp"
#include "net/http_server.hpp"

#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>

namespace {

using namespace vsecm;

class whoever final : public net::tls_peer {
public:
    std::string_view id() const noexcept override { return "spiffe://load/client"; }
    bool still_valid(base::system_time) const noexcept override { return true; }
};

class fixed_answer final : public net::http_handler {
public:
    net::awaitable<net::http_response> handle(net::http_request&, net::http_exchange&) override {
        net::http_response response;
        response.content_type = "text/plain; charset=utf-8";
        response.body.resize(256);
        co_return response;
    }
};

int verify(X509_STORE_CTX* ctx, void*) {
    if (X509_verify_cert(ctx) != 1) return 0;
    auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx()));
    net::attach_peer(ssl, std::make_shared<whoever>());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        std::fprintf(stderr, "usage: bare-server ADDRESS LOOPS GROUPS CERT KEY CA\n");
        return 1;
    }
    auto const where = net::parse_listen_address(argv[1]);
    auto made = net::new_ssl_ctx(net::tls_role::server, argv[3]);
    if (!where || !made) return 1;
    auto context = std::make_shared<net::tls_context>();
    context->ctx = *std::move(made);
    auto* const raw = context->ctx.get();
    SSL_CTX_set_cert_verify_callback(raw, verify, nullptr);
    if (SSL_CTX_use_certificate_file(raw, argv[4], SSL_FILETYPE_PEM) != 1 || SSL_CTX_use_PrivateKey_file(raw, argv[5], SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(raw, argv[6], nullptr) != 1) {
        std::fprintf(stderr, "%s\n", net::openssl_reason().c_str());
        return 1;
    }
    auto listener = net::listen_tcp(*where);
    if (!listener) {
        std::fprintf(stderr, "%s\n", listener.error().what.c_str());
        return 1;
    }
    net::runtime loops(static_cast<std::size_t>(std::atoi(argv[2])));
    fixed_answer handler;
    net::http_server server(loops, *std::move(listener), std::make_shared<net::fixed_tls_source>(context), handler);
    server.start();
    loops.on_stop("https", [&] { server.stop_taking_in(); }, [&](net::steady_clock::time_point until) { return server.finish(until); });
    return loops.run();
}
