// One server connection, and what the sessions of a server share. Internal to net.
#pragma once

#include "net/http_answer.hpp"
#include "net/http_server.hpp"
#include "net/tls_stream.hpp"

#include <array>
#include <map>
#include <mutex>
#include <string>

namespace vsecm::net {

class http_session;
class request_parser;

// How long an unfinished handshake may wait for its client while there is no room for others. A client that has begun may
// be busy with many of its own.
inline constexpr auto silent_patience = std::chrono::seconds(1);
inline constexpr auto begun_patience = std::chrono::seconds(2);
// Failed handshakes that get a line of their own, a loop and half second.
inline constexpr unsigned max_failures_logged = 5;

// One a loop, touched only on that loop (but `open`, which the acceptor reads).
struct server_loop {
    // Where a session's next deadline is looked for. Side by side in memory, so that the sweep over ten thousand
    // connections is one pass over 160 kB, once every `sweep_interval`, instead of a timer each.
    struct slot {
        steady_clock::time_point deadline;
        http_session* session;
    };

    server_loop(executor ex, std::size_t number) : loop(ex), index(number), sweep_timer(ex) {}

    executor loop;
    std::size_t index;
    std::atomic<std::size_t> open{0};
    std::vector<slot> slots;
    timer sweep_timer;
    bool sweeping = false;
    std::atomic<std::size_t> handshaking{0};
    std::atomic<std::size_t> held{0};  // requests; counted here, read by anybody
    unsigned failures = 0;  // handshakes since the last sweep; a flood of bad ones must not flood the log
    http_date date;
    // Where every session of this loop reads: a record at a time, gone again before the next session runs. So an idle
    // connection has no buffer of its own.
    std::array<std::uint8_t, 17 * 1024> read_area;
};

// The connections of each peer, by its name. For any loop: asked once a connection, never once a request.
class peer_places {
public:
    // Whether the peer had fewer than `most`; then it has one more, until give_back().
    bool take(std::string_view name, std::size_t most);
    void give_back(std::string_view name) noexcept;

private:
    std::mutex lock_;
    std::map<std::string, std::size_t, std::less<>> taken_;  // none is 0
};

struct http_server_state : std::enable_shared_from_this<http_server_state> {
    http_server_state(runtime& rt, std::shared_ptr<tls_source const> source, http_handler& h, http_server_options o);

    // A connection of `loop` has ended. From that loop.
    void forget_one(server_loop& loop, bool in_handshake);

    runtime& loops_of;
    std::shared_ptr<tls_source const> tls;
    http_handler& handler;
    http_server_options options;
    http_counters counters{};
    peer_places places;
    std::vector<std::unique_ptr<server_loop>> loops;
    std::atomic<bool> stopping{false};
    base::unique_fd listener;
    std::uint16_t port = 0;
    // Loop 0 only:
    std::unique_ptr<asio::basic_socket_acceptor<asio::ip::tcp, executor>> acceptor;
    std::unique_ptr<timer> accept_pause;
    std::size_t next_loop = 0;  // which of equally loaded ones has its turn
    wake_signal all_closed;
};

using remote_address = asio::ip::tcp::endpoint;

class http_session final : public http_exchange, public std::enable_shared_from_this<http_session> {
public:
    http_session(std::shared_ptr<http_server_state> server, server_loop& loop, tcp_socket socket, remote_address remote,
        std::shared_ptr<tls_context const> context);
    ~http_session() override;

    // The whole life of the connection. Owns the session.
    static awaitable<void> run(std::shared_ptr<http_session> self);
    // The sweep: the session's deadline has passed.
    void expire();
    // The server stops taking in. And: its grace period is over.
    void drain();
    void cut();
    // In its handshake the client keeps us waiting: longer than silent_patience without a word so far, longer than
    // begun_patience in the middle. Never one that waits for us.
    bool stalls(steady_clock::time_point now) noexcept;
    void moved_to_slot(std::size_t slot) noexcept { slot_ = slot; }

    executor get_executor() override { return loop_.loop; }
    std::size_t loop_index() const noexcept override { return loop_.index; }
    bool stopping() const noexcept override { return server_->stopping.load(std::memory_order_relaxed); }
    awaitable<base::result<bool>> hold(wake_signal& signal, steady_clock::time_point deadline) override;

private:
    enum class phase { handshake, idle, reading, handling, held, writing, lingering };
    enum class outcome { go_on, end };
    enum class waited { ready, over };

    awaitable<outcome> handshake();
    bool take_place();
    void give_place_back() noexcept;
    awaitable<outcome> serve_one();
    awaitable<outcome> read_request();
    awaitable<outcome> body_goes_on();
    bool still_welcome();
    awaitable<outcome> answer(http_response response);
    awaitable<outcome> refuse(unsigned status, std::string_view why);
    awaitable<outcome> send(base::byte_view bytes);
    awaitable<void> linger();
    // Bytes of the client to the parser. True when the request is complete or refused.
    bool absorb(base::byte_view bytes);
    std::string_view connection_of(bool keep) const noexcept;
    void begin_watch();
    void watch_fired(unsigned id, error_code failed);
    void end_watch();
    void enlist();
    void leave();
    void set_deadline(steady_clock::time_point when) noexcept { loop_.slots[slot_].deadline = when; }
    void set_deadline(steady_clock::duration from_now) noexcept { set_deadline(steady_clock::now() + from_now); }
    void set_no_deadline() noexcept { set_deadline(steady_clock::time_point::max()); }
    http_limits const& limits() const noexcept { return server_->options.limits; }
    std::string const& remote_text();

    std::shared_ptr<http_server_state> server_;
    server_loop& loop_;
    tls_stream stream_;
    std::size_t slot_ = 0;
    steady_clock::time_point waits_since_;  // for the client, during the handshake
    steady_clock::time_point body_ends_;  // the whole body must be here by then
    remote_address remote_;
    phase phase_ = phase::handshake;
    std::shared_ptr<tls_peer const> placed_;  // whose place this connection has
    bool timed_out_ = false;
    bool body_begun_ = false;
    bool keep_ = true;
    bool client_gone_ = false;
    bool watching_ = false;
    unsigned watch_id_ = 0;
    unsigned refusal_status_ = 0;
    std::string_view refusal_;
    timer* hold_timer_ = nullptr;
    base::secret_text pending_;               // plaintext received and not used yet
    std::unique_ptr<request_parser> parser_;  // only while a request is incomplete
    http_request request_;
};

}  // namespace vsecm::net
