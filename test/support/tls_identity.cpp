#include "support/tls_identity.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <stdexcept>

namespace vsecm::test {
namespace {

private_key new_key() { return private_key(EVP_EC_gen("P-256")); }

void must(bool good) {
    if (!good) throw std::runtime_error("test certificate: " + net::openssl_reason());
}

void extend(X509* cert, X509* issuer, int nid, std::string const& value) {
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str());
    must(extension != nullptr);
    must(X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

certificate new_cert(std::string const& name, EVP_PKEY* key) {
    static std::atomic<long> serial{1};
    certificate cert(X509_new());
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 24 * 3600);
    X509_set_pubkey(cert.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
        reinterpret_cast<unsigned char const*>(name.c_str()), -1, -1, 0);
    return cert;
}

template <class Write>
std::string pem(Write write) {
    BIO* bio = BIO_new(BIO_s_mem());
    must(write(bio) == 1);
    char* data = nullptr;
    auto const len = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(len));
    BIO_free(bio);
    return text;
}

// What the verify callback needs; lives in tls_context::attached.
struct trust {
    X509_STORE* store = X509_STORE_new();
    std::shared_ptr<std::atomic<bool>> peers_valid;
    ~trust() { X509_STORE_free(store); }
};

std::string uri_of(X509* cert) {
    auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr));
    std::string uri;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        auto const* name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) continue;
        auto const* text = name->d.uniformResourceIdentifier;
        uri.assign(reinterpret_cast<char const*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
    GENERAL_NAMES_free(names);
    return uri;
}

int verify(X509_STORE_CTX* ctx, void* argument) {
    auto const& t = *static_cast<trust const*>(argument);
    auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx()));
    X509* leaf_cert = X509_STORE_CTX_get0_cert(ctx);
    X509_STORE_CTX* own = X509_STORE_CTX_new();
    X509_STORE_CTX_init(own, t.store, leaf_cert, X509_STORE_CTX_get0_untrusted(ctx));
    bool const good = X509_verify_cert(own) == 1;
    X509_STORE_CTX_free(own);
    if (!good) {
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_UNTRUSTED);
        net::attach_refusal(ssl, "not issued by the test CA");
        return 0;
    }
    net::attach_peer(ssl, std::make_shared<named_peer>(uri_of(leaf_cert), t.peers_valid));
    return 1;
}

std::shared_ptr<net::tls_context> bare(net::tls_role role, std::string_view groups, X509* ca,
    std::shared_ptr<std::atomic<bool>> peers_valid, std::uint64_t generation) {
    auto t = std::make_shared<trust>();
    t->peers_valid = peers_valid ? std::move(peers_valid) : std::make_shared<std::atomic<bool>>(true);
    X509_STORE_add_cert(t->store, ca);
    auto made = net::new_ssl_ctx(role, groups);
    if (!made) throw std::runtime_error(made.error().what);
    auto context = std::make_shared<net::tls_context>();
    SSL_CTX_set_cert_verify_callback(made->get(), verify, t.get());
    context->ctx = *std::move(made);
    context->attached = std::move(t);
    context->generation = generation;
    return context;
}

}  // namespace

std::string leaf::cert_pem() const { return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, cert.get()); }); }
std::string leaf::key_pem() const {
    return pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}
std::string test_ca::cert_pem() const { return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, cert_.get()); }); }

test_ca::test_ca() : key_(new_key()), cert_(new_cert("test CA", key_.get())) {
    X509_set_issuer_name(cert_.get(), X509_get_subject_name(cert_.get()));
    extend(cert_.get(), cert_.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(cert_.get(), cert_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    must(X509_sign(cert_.get(), key_.get(), EVP_sha256()) > 0);
}

leaf test_ca::issue_for(std::string const& subject_alt_name) const {
    leaf made;
    made.key = new_key();
    made.cert = new_cert("leaf", made.key.get());
    X509_set_issuer_name(made.cert.get(), X509_get_subject_name(cert_.get()));
    extend(made.cert.get(), cert_.get(), NID_basic_constraints, "critical,CA:FALSE");
    extend(made.cert.get(), cert_.get(), NID_key_usage, "critical,digitalSignature");
    extend(made.cert.get(), cert_.get(), NID_ext_key_usage, "serverAuth,clientAuth");
    extend(made.cert.get(), cert_.get(), NID_subject_alt_name, subject_alt_name);
    must(X509_sign(made.cert.get(), key_.get(), EVP_sha256()) > 0);
    return made;
}

std::shared_ptr<net::tls_context const> test_ca::context(net::tls_role role, leaf const& own, std::string_view groups,
    std::shared_ptr<std::atomic<bool>> peers_valid, std::uint64_t generation) const {
    auto made = bare(role, groups, cert_.get(), std::move(peers_valid), generation);
    must(SSL_CTX_use_certificate(made->ctx.get(), own.cert.get()) == 1);
    must(SSL_CTX_use_PrivateKey(made->ctx.get(), own.key.get()) == 1);
    return made;
}

std::shared_ptr<net::tls_context const> test_ca::anonymous_client() const {
    return bare(net::tls_role::client, net::default_groups, cert_.get(), nullptr, 1);
}

std::shared_ptr<net::tls_context const> test_ca::server_context(std::string const& subject_alt_name) const {
    auto const own = issue_for(subject_alt_name);
    auto made = bare(net::tls_role::server, net::default_groups, cert_.get(), nullptr, 1);
    must(SSL_CTX_use_certificate(made->ctx.get(), own.cert.get()) == 1);
    must(SSL_CTX_use_PrivateKey(made->ctx.get(), own.key.get()) == 1);
    SSL_CTX_set_verify(made->ctx.get(), SSL_VERIFY_NONE, nullptr);
    return made;
}

std::shared_ptr<net::tls_source const> source_of(std::shared_ptr<net::tls_context const> context) {
    return std::make_shared<net::fixed_tls_source>(std::move(context));
}

}  // namespace vsecm::test
