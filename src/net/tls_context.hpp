// TLS contexts: one per identity generation, never per connection. What SPIFFE adds (certificates, the verify
// callback) comes from outside; this room only knows that a verified peer has a name and a date.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;      // OpenSSL's SSL
struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace vsecm::net {

// Who is at the other end, as the certificate-verify callback decided. Immutable once attached; shared by the
// connection and whatever answers on it, always on the connection's own loop.
class tls_peer {
public:
    virtual ~tls_peer() = default;
    virtual std::string_view id() const noexcept = 0;  // the SPIFFE ID
    // False once the earliest expiry of the chain has passed or its bundle is no longer trusted. Asked before every
    // answer, so it must be cheap; thread-safe.
    virtual bool still_valid(base::system_time now) const noexcept = 0;
};

// For the certificate-verify callback, which runs inside the handshake: who the peer is, or why it is refused. The
// sentence becomes the error of tls_stream::handshake(). Replaces what an earlier call left. A callback that accepts
// must leave OpenSSL's error queue empty: libssl takes what is in it for its own failure.
void attach_peer(ssl_st* ssl, std::shared_ptr<tls_peer const> peer);
void attach_refusal(ssl_st* ssl, std::string sentence);
// Null if nothing was attached.
std::shared_ptr<tls_peer const> attached_peer(ssl_st const* ssl) noexcept;
std::string attached_refusal(ssl_st const* ssl);

struct ssl_ctx_deleter {
    void operator()(ssl_ctx_st* ctx) const noexcept;
};
using ssl_ctx_ptr = std::unique_ptr<ssl_ctx_st, ssl_ctx_deleter>;

enum class tls_role { server, client };

// Preference order. The hybrid group comes first: secrets are what recorded traffic would be kept for.
inline constexpr std::string_view default_groups = "X25519MLKEM768:X25519:P-256";

// A context with everything vsecm decides about TLS and nothing about identity: TLS 1.2 at least, AES-128-GCM first,
// `groups` exactly, no tickets and no session cache, no renegotiation, no certificate compression in either direction,
// no automatic chain, ALPN http/1.1, buffers released while idle, plaintext cleansed. A server demands a client
// certificate and names no CA. The caller then adds certificate, explicit chain, key and
// SSL_CTX_set_cert_verify_callback(); until it does, every peer is refused.
// errc::invalid if OpenSSL does not know one of the groups.
base::result<ssl_ctx_ptr> new_ssl_ctx(tls_role role, std::string_view groups = default_groups);

// One identity generation. Streams keep a shared_ptr to it for their whole life: dropping it would clear the verify
// callback under them. `attached` keeps alive whatever the verify callback points at. Immutable once shared.
struct tls_context {
    std::shared_ptr<void const> attached;  // destroyed after `ctx`
    ssl_ctx_ptr ctx;
    std::uint64_t generation = 0;
    std::string server_name{};  // a client names it in the clear (SNI), for who serves several by one address; empty: none is sent
};

// Where the TLS context to use now comes from.
class tls_source {
public:
    virtual ~tls_source() = default;
    // The newest identity, or null while there is none. Thread-safe and cheap: asked once per connection.
    virtual std::shared_ptr<tls_context const> current() const = 0;
};

// A source that always gives the same context: for tests and for clients outside SPIFFE.
class fixed_tls_source final : public tls_source {
public:
    explicit fixed_tls_source(std::shared_ptr<tls_context const> context) : context_(std::move(context)) {}
    std::shared_ptr<tls_context const> current() const override { return context_; }

private:
    std::shared_ptr<tls_context const> context_;
};

// Drains OpenSSL's error queue of this thread into one sentence; "no reason given" if it is empty.
std::string openssl_reason();

}  // namespace vsecm::net
