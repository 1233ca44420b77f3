#include "net/tls_context.hpp"

#include "base/check.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>

namespace vsecm::net {
namespace {

// What the verify callback leaves for the stream; owned by the SSL.
struct verdict {
    std::shared_ptr<tls_peer const> peer;
    std::string refusal;
};

void free_verdict(void*, void* held, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<verdict*>(held); }

int verdict_index() {
    static int const index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_verdict);
    VSECM_CHECK(index >= 0);
    return index;
}

verdict& verdict_of(SSL* ssl) {
    if (auto* held = static_cast<verdict*>(SSL_get_ex_data(ssl, verdict_index()))) return *held;
    auto fresh = std::make_unique<verdict>();
    if (SSL_set_ex_data(ssl, verdict_index(), fresh.get()) != 1) throw std::bad_alloc();
    return *fresh.release();
}

// RSA too: SPIRE can issue RSA SVIDs. No SHA-1, and PKCS#1 only because TLS 1.2 clients and RSA chains still sign so.
constexpr char signature_algorithms[] =
    "ECDSA+SHA256:RSA-PSS+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:ECDSA+SHA512:RSA-PSS+SHA512:ed25519:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr char tls13_suites[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr char tls12_suites[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr unsigned char alpn_http11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
// Chains of SVIDs are short; OpenSSL's default of 100 KiB is for the public web.
constexpr long max_chain_len = 32 * 1024;

// A client that names protocols but not ours is told so, instead of being answered in a language it does not speak.
int choose_http11(SSL*, unsigned char const** chosen, unsigned char* chosen_len, unsigned char const* offered,
    unsigned offered_len, void*) {
    unsigned char* match = nullptr;
    if (SSL_select_next_proto(&match, chosen_len, alpn_http11, sizeof alpn_http11, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

void attach_peer(SSL* ssl, std::shared_ptr<tls_peer const> peer) {
    auto& held = verdict_of(ssl);
    held.peer = std::move(peer);
    held.refusal.clear();
}

void attach_refusal(SSL* ssl, std::string sentence) {
    auto& held = verdict_of(ssl);
    held.peer.reset();
    held.refusal = std::move(sentence);
}

std::shared_ptr<tls_peer const> attached_peer(SSL const* ssl) noexcept {
    auto const* held = static_cast<verdict const*>(SSL_get_ex_data(ssl, verdict_index()));
    return held ? held->peer : nullptr;
}

std::string attached_refusal(SSL const* ssl) {
    auto const* held = static_cast<verdict const*>(SSL_get_ex_data(ssl, verdict_index()));
    return held ? held->refusal : std::string{};
}

void ssl_ctx_deleter::operator()(SSL_CTX* ctx) const noexcept { SSL_CTX_free(ctx); }

base::result<ssl_ctx_ptr> new_ssl_ctx(tls_role role, std::string_view groups) {
    ERR_clear_error();
    ssl_ctx_ptr ctx(SSL_CTX_new(role == tls_role::server ? TLS_server_method() : TLS_client_method()));
    if (!ctx) return base::fail(base::errc::internal, "no TLS context: {}", openssl_reason());
    auto* const raw = ctx.get();

    // Compression is off both ways: a server would inflate bytes from whoever connects. Tickets and session cache are
    // off: a resumed session is not verified again, so it could outlive the trust it came from. The middlebox
    // disguise is dropped: inside a cluster it only costs bytes.
    SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION |
                                 SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_clear_options(raw, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    // NO_AUTO_CHAIN: without it OpenSSL builds and verifies its own chain again in each handshake.
    SSL_CTX_set_mode(raw, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(raw, 1);  // one recv for a whole record, not five bytes first
    SSL_CTX_set_max_cert_list(raw, max_chain_len);

    bool good = SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1;
    good = good && SSL_CTX_set_ciphersuites(raw, tls13_suites) == 1;
    good = good && SSL_CTX_set_cipher_list(raw, tls12_suites) == 1;
    good = good && SSL_CTX_set1_sigalgs_list(raw, signature_algorithms) == 1;
    if (role == tls_role::server) {
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        SSL_CTX_set_alpn_select_cb(raw, choose_http11, nullptr);
    } else {
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
        good = good && SSL_CTX_set_alpn_protos(raw, alpn_http11, sizeof alpn_http11) == 0;
    }
    if (!good) return base::fail(base::errc::internal, "TLS settings refused: {}", openssl_reason());
    if (SSL_CTX_set1_groups_list(raw, std::string(groups).c_str()) != 1) {
        return base::fail(base::errc::invalid, "TLS groups `{}` are not all known: {}", groups, openssl_reason());
    }
    return ctx;
}

std::string openssl_reason() {
    std::string text;
    while (unsigned long const code = ERR_get_error()) {
        char const* const reason = ERR_reason_error_string(code);
        if (!text.empty()) text += ", ";
        text += reason ? std::string(reason) : std::format("error {:#x}", code);
    }
    return text.empty() ? "no reason given" : text;
}

}  // namespace vsecm::net
