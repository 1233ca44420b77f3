#include "kube/server_trust.hpp"

#include "base/try.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace vsecm::kube {
namespace {

using base::errc, base::fail;

struct free_openssl {
    void operator()(BIO* b) const noexcept { BIO_free(b); }
    void operator()(X509* c) const noexcept { X509_free(c); }
};

// How many certificates the bundle added. What is between them, and what follows the last, is passed over, as Go does.
std::size_t add_certificates(X509_STORE* store, std::string_view pem) {
    std::unique_ptr<BIO, free_openssl> const text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    std::size_t num_added = 0;
    while (text) {
        std::unique_ptr<X509, free_openssl> const one(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
        if (!one) break;
        if (X509_STORE_add_cert(store, one.get()) == 1) ++num_added;
    }
    ERR_clear_error();  // the end of the text is an error to OpenSSL
    return num_added;
}

}  // namespace

base::result<std::shared_ptr<net::tls_context const>> trust_server(net::endpoint const& server, std::string_view ca_pem,
                                                                   std::string_view groups, std::uint64_t generation) {
    VSECM_TRY(ctx, net::new_ssl_ctx(net::tls_role::client, groups));
    if (add_certificates(SSL_CTX_get_cert_store(ctx.get()), ca_pem) == 0) return fail(errc::invalid, "it holds no certificate");
    auto* const expected = SSL_CTX_get0_param(ctx.get());
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool const is_address = X509_VERIFY_PARAM_set1_ip_asc(expected, server.host.c_str()) == 1;
    bool const is_set = is_address || X509_VERIFY_PARAM_set1_host(expected, server.host.data(), server.host.size()) == 1;
    ERR_clear_error();
    if (!is_set) return fail(errc::invalid, "`{}` cannot be the name in a certificate", server.host);
    auto made = std::make_shared<net::tls_context>();
    made->ctx = std::move(ctx);
    made->generation = generation;
    if (!is_address) made->server_name = server.host;  // an address is not sent: RFC 6066 section 3
    return made;
}

}  // namespace vsecm::kube
