#include "load/client_tls.hpp"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>

namespace vsecm::load {
namespace {

[[noreturn]] void die(char const* doing) {
    std::fprintf(stderr, "vsecm-load: %s: %s\n", doing, tls_reason().c_str());
    std::exit(1);
}

EVP_PKEY* read_key(std::string const& path) {
    BIO* const file = BIO_new_file(path.c_str(), "r");
    EVP_PKEY* const key = file ? PEM_read_bio_PrivateKey(file, nullptr, nullptr, nullptr) : nullptr;
    BIO_free(file);
    if (!key) die("reading the CA's key");
    return key;
}

// 127 random bits, as issuers take them.
bool set_random_serial(X509* certificate) {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] &= 0x7f;
    BIGNUM* const number = BN_bin2bn(bytes, sizeof bytes, nullptr);
    bool const good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    return good;
}

}  // namespace

std::string tls_reason() {
    char text[256];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
    ERR_clear_error();
    return text;
}

client_tls::client_tls(settings const& s) : ctx_(SSL_CTX_new(TLS_client_method())) {
    auto* const ctx = ctx_.get();
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1);
    bool good = SSL_CTX_set1_groups_list(ctx, s.groups.c_str()) == 1;
    good = good && SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1;
    good = good && SSL_CTX_use_certificate_chain_file(ctx, s.cert.c_str()) == 1;
    good = good && SSL_CTX_use_PrivateKey_file(ctx, s.key.c_str(), SSL_FILETYPE_PEM) == 1;
    if (!s.ca.empty()) {
        good = good && SSL_CTX_load_verify_locations(ctx, s.ca.c_str(), nullptr) == 1;
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    }
    if (!good) die("the client's TLS settings");
    if (!s.ca_key.empty()) ca_key_.reset(read_key(s.ca_key));
}

SSL* client_tls::new_connection() {
    SSL* const ssl = SSL_new(ctx_.get());
    if (!ssl) die("a connection");
    SSL_set_connect_state(ssl);
    if (ca_key_ && SSL_use_certificate(ssl, new_leaf().get()) != 1) die("a certificate for a connection");
    return ssl;
}

std::unique_ptr<X509, client_tls::free_it> client_tls::new_leaf() const {
    std::unique_ptr<X509, free_it> leaf(X509_dup(SSL_CTX_get0_certificate(ctx_.get())));
    if (!leaf || !set_random_serial(leaf.get()) || X509_sign(leaf.get(), ca_key_.get(), EVP_sha256()) <= 0) die("signing a certificate");
    return leaf;
}

}  // namespace vsecm::load
