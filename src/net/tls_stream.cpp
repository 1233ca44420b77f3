#include "net/tls_stream.hpp"

#include "base/check.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <new>

namespace vsecm::net {

// OpenSSL's view of the socket. Its own socket BIO would raise SIGPIPE, and asks the kernel once more after every
// record just to hear EAGAIN; this one remembers that the last recv took all there was. And OpenSSL reads ahead only once
// the handshake is over: during it, it asks for the five bytes before each record and then for the record, ten times in a
// client's second flight. This one fetches what there is and hands it out.
struct socket_bio {
    static int read(BIO* bio, char* into, std::size_t len, std::size_t* moved) {
        auto& stream = *static_cast<tls_stream*>(BIO_get_data(bio));
        auto& ahead = stream.ahead_;
        BIO_clear_retry_flags(bio);
        if (ahead.bytes) {
            *moved = hand_out(ahead, into, len);
            return 1;
        }
        if (stream.socket_drained_) {
            BIO_set_retry_read(bio);
            return 0;
        }
        bool const in_handshake = SSL_is_init_finished(stream.ssl_.get()) == 0;
        if (in_handshake && len < ahead_len) ahead.bytes.reset(new (std::nothrow) char[ahead_len]);
        char* const target = ahead.bytes ? ahead.bytes.get() : into;
        std::size_t const room = ahead.bytes ? ahead_len : len;
        ssize_t const got = retried([&] { return ::recv(stream.socket_.native_handle(), target, room, 0); });
        if (got > 0) {
            *moved = static_cast<std::size_t>(got);
            stream.socket_drained_ = *moved < room;
            if (!ahead.bytes) return 1;
            ahead.begin = 0;
            ahead.end = *moved;
            *moved = hand_out(ahead, into, len);
            return 1;
        }
        if (got == 0) {
            BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            stream.socket_drained_ = true;
            BIO_set_retry_read(bio);
        }
        ahead.bytes.reset();  // glibc's free() keeps errno, which finish() reads
        return 0;
    }

    static int write(BIO* bio, char const* from, std::size_t len, std::size_t* moved) {
        auto& stream = *static_cast<tls_stream*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        ssize_t const sent = retried([&] { return ::send(stream.socket_.native_handle(), from, len, MSG_NOSIGNAL); });
        if (sent >= 0) {
            *moved = static_cast<std::size_t>(sent);
            return 1;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) BIO_set_retry_write(bio);
        return 0;
    }

    static long control(BIO* bio, int command, long, void*) {
        switch (command) {
            case BIO_CTRL_FLUSH: return 1;
            case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) ? 1 : 0;
            default: return 0;
        }
    }

    static constexpr std::size_t ahead_len = 4096;  // a flight with a short chain

    static std::size_t hand_out(tls_stream::fetched& ahead, char* into, std::size_t len) noexcept {
        auto const part = std::min(len, ahead.end - ahead.begin);
        std::memcpy(into, ahead.bytes.get() + ahead.begin, part);
        ahead.begin += part;
        if (ahead.begin == ahead.end) ahead.bytes.reset();
        return part;
    }

    template <class Call>
    static ssize_t retried(Call call) {
        for (;;) {
            ssize_t const done = call();
            if (done >= 0 || errno != EINTR) return done;
        }
    }

    static BIO_METHOD const* method() {
        static BIO_METHOD const* const made = [] {
            auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "vsecm socket");
            VSECM_CHECK(m != nullptr);
            BIO_meth_set_read_ex(m, read);
            BIO_meth_set_write_ex(m, write);
            BIO_meth_set_ctrl(m, control);
            return m;
        }();
        return made;
    }
};

namespace {

using base::errc;

// OpenSSL turns an alert received into a reason of 1000 + its number.
bool is_alert(int reason) { return reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256; }

// Alerts by which a peer says: not with this certificate.
bool refuses_identity(int alert) {
    switch (alert) {
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_EXPIRED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_UNKNOWN_CA:
        case SSL_AD_ACCESS_DENIED:
        case SSL_AD_CERTIFICATE_REQUIRED:
            return true;
        default: return false;
    }
}

// The sentence for SSL_ERROR_SSL. The last entry of the queue is libssl's own; before it may be what a verification left.
base::error describe(SSL* ssl, tls_role role) {
    unsigned long const code = ERR_peek_last_error();
    int const reason = ERR_GET_REASON(code);
    std::string_view const them = role == tls_role::server ? "client" : "server";
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) return {errc::unavailable, "TLS failed: " + openssl_reason()};
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return {errc::unavailable, std::format("the {} cut the connection off", them)};
    }
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        auto why = attached_refusal(ssl);
        if (why.empty()) why = X509_verify_cert_error_string(SSL_get_verify_result(ssl));
        return {errc::denied, std::format("the {}'s certificate was refused: {}", them, why)};
    }
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        return {errc::denied, std::format("the {} presented no certificate", them)};
    }
    if (is_alert(reason)) {
        int const alert = reason - SSL_AD_REASON_OFFSET;
        auto const name = SSL_alert_desc_string_long(alert);
        if (refuses_identity(alert)) return {errc::denied, std::format("the {} refused this identity: {}", them, name)};
        return {errc::invalid, std::format("the {} ended TLS: {}", them, name)};
    }
    return {errc::invalid, std::format("TLS with the {} failed: {}", them, openssl_reason())};
}

}  // namespace

void ssl_deleter::operator()(SSL* ssl) const noexcept { SSL_free(ssl); }

tls_stream::tls_stream(tcp_socket socket, std::shared_ptr<tls_context const> context, tls_role role)
    : socket_(std::move(socket)), context_(std::move(context)), ssl_(SSL_new(context_->ctx.get())), role_(role) {
    BIO* const bio = BIO_new(socket_bio::method());
    if (!ssl_ || !bio || !name_server()) {
        BIO_free(bio);
        throw std::bad_alloc();
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);  // the SSL owns it now
    error_code ignored;
    socket_.native_non_blocking(true, ignored);
    if (role == tls_role::server) {
        SSL_set_accept_state(ssl_.get());
    } else {
        SSL_set_connect_state(ssl_.get());
    }
}

tls_stream::~tls_stream() = default;

bool tls_stream::name_server() {
    if (role_ == tls_role::server || context_->server_name.empty()) return true;
    return SSL_set_tlsext_host_name(ssl_.get(), context_->server_name.c_str()) == 1;
}

tls_stream::io_result tls_stream::finish(int returned) {
    int const system_error = errno;
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ: return {io_state::want_read, 0};
        case SSL_ERROR_WANT_WRITE: return {io_state::want_write, 0};
        case SSL_ERROR_ZERO_RETURN: return {io_state::closed, 0};
        case SSL_ERROR_SYSCALL:
            error_ = {errc::unavailable, std::format("the connection broke: {}", std::strerror(system_error))};
            break;
        default: error_ = describe(ssl_.get(), role_); break;
    }
    broken_ = true;
    ERR_clear_error();
    return {io_state::failed, 0};
}

namespace {
// The queue is per thread: another connection's leftover would be taken for this one's error.
void clean_error_queue() {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

// OpenSSL keeps both ends' shares of the key exchange as long as the connection, though nobody needs them any more: ours
// is a private key better gone, and a client's of ML-KEM is 6 kB of each idle connection. It can be asked for the very
// objects it keeps; given a type again, they are emptied.
void forget_key_shares(SSL* ssl) {
    for (auto const get : {SSL_CTRL_GET_TMP_KEY, SSL_CTRL_GET_PEER_TMP_KEY}) {
        EVP_PKEY* share = nullptr;
        if (SSL_ctrl(ssl, get, 0, &share) != 1) continue;
        EVP_PKEY_set_type(share, EVP_PKEY_X25519);
        EVP_PKEY_free(share);
    }
}
}  // namespace

tls_stream::io_result tls_stream::try_handshake() {
    clean_error_queue();
    int const returned = SSL_do_handshake(ssl_.get());
    if (returned != 1) return finish(returned);
    peer_ = attached_peer(ssl_.get());
    forget_key_shares(ssl_.get());
    return {io_state::done, 0};
}

tls_stream::io_result tls_stream::try_read(base::byte_span into) {
    // Nothing here and nothing there: OpenSSL would only allocate a buffer to find that out.
    if (socket_drained_ && !has_buffered()) return {io_state::want_read, 0};
    clean_error_queue();
    std::size_t len = 0;
    if (int const returned = SSL_read_ex(ssl_.get(), into.data(), into.size(), &len); returned != 1) return finish(returned);
    return {io_state::done, len};
}

tls_stream::io_result tls_stream::try_write(base::byte_view from) {
    clean_error_queue();
    std::size_t len = 0;
    if (int const returned = SSL_write_ex(ssl_.get(), from.data(), from.size(), &len); returned != 1) return finish(returned);
    return {io_state::done, len};
}

void tls_stream::try_shutdown() noexcept {
    if (broken_ || !socket_.is_open() || !SSL_is_init_finished(ssl_.get())) return;
    clean_error_queue();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    broken_ = true;  // nothing may be written after it
}

awaitable<error_code> tls_stream::wait(io_state state) {
    auto const kind = state == io_state::want_write ? tcp_socket::wait_write : tcp_socket::wait_read;
    auto [failed] = co_await socket_.async_wait(kind, as_result);
    if (kind == tcp_socket::wait_read) socket_drained_ = false;
    co_return failed;
}

bool tls_stream::has_buffered() const noexcept { return ahead_.bytes || SSL_has_pending(ssl_.get()) == 1; }

bool tls_stream::heard_from_peer() const noexcept { return SSL_get_state(ssl_.get()) != TLS_ST_BEFORE; }

bool tls_stream::has_unread() noexcept {
    char byte;
    return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void tls_stream::cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
}

void tls_stream::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
}

namespace {
base::error wait_failed(error_code code) {
    if (code == asio::error::operation_aborted) return {errc::cancelled, "the wait on the connection was cancelled"};
    return {errc::unavailable, "the connection broke: " + code.message()};
}
}  // namespace

awaitable<base::status> tls_stream::handshake() {
    for (;;) {
        auto const step = try_handshake();
        if (step.state == io_state::done) co_return base::status{};
        if (step.state == io_state::failed) co_return std::unexpected(take_error());
        if (step.state == io_state::closed) co_return base::fail(errc::unavailable, "the peer hung up during the handshake");
        if (auto const failed = co_await wait(step.state)) co_return std::unexpected(wait_failed(failed));
    }
}

awaitable<base::result<std::size_t>> tls_stream::read_some(base::byte_span into) {
    for (;;) {
        auto const step = try_read(into);
        if (step.state == io_state::done) co_return step.len;
        if (step.state == io_state::closed) co_return std::size_t{0};
        if (step.state == io_state::failed) co_return std::unexpected(take_error());
        if (auto const failed = co_await wait(step.state)) co_return std::unexpected(wait_failed(failed));
    }
}

awaitable<base::status> tls_stream::write_all(base::byte_view from) {
    while (!from.empty()) {
        auto const step = try_write(from);
        if (step.state == io_state::done) {
            from = from.subspan(step.len);
            continue;
        }
        if (step.state == io_state::failed) co_return std::unexpected(take_error());
        if (step.state == io_state::closed) co_return base::fail(errc::unavailable, "the peer hung up");
        if (auto const failed = co_await wait(step.state)) co_return std::unexpected(wait_failed(failed));
    }
    co_return base::status{};
}

}  // namespace vsecm::net
