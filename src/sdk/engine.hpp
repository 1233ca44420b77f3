// What stands behind a client handle: one event loop on one thread, the questions asked of it, and the state of the secret.
#pragma once

#include "client/poller.hpp"
#include "client/session.hpp"
#include "sdk/finding.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace vsecm::sdk {

// How far one watch has read. Guarded by its engine.
struct reader {
    std::uint64_t seen_state = 0, seen_trouble = 0;
    bool ended = false, knows_end = false;
};

// All public functions are thread-safe, and none but fetch(), next() and close() waits. It synchronises with one mutex,
// which is never held while anything is awaited or called back.
class engine {
public:
    // Contacts nobody. errc::invalid, naming the variable; errc::internal without a thread or random numbers.
    static base::result<std::shared_ptr<engine>> make(config::sdk_settings const& settings);
    ~engine();
    engine(engine const&) = delete;
    engine& operator=(engine const&) = delete;

    // False in a child of fork(), where the thread is not and the descriptors are the parent's: there nothing else may be called,
    // and the engine must not be destroyed.
    bool is_ours() const noexcept;

    // Asks safe. All who ask before a question goes out share its answer.
    finding fetch(std::chrono::milliseconds timeout);

    // The state is followed for as long as there is a reader. VSECM_OK; VSECM_CLOSED; VSECM_INTERNAL.
    finding begin(reader& who);
    void end(reader& who);
    // Waits until there is something `who` has not seen: a change, or new trouble. VSECM_UNCHANGED at `until`; without it, it waits for
    // ever. VSECM_CLOSED once the engine is closed or the reader ended, and once a failure of the engine itself was told.
    finding next(reader& who, std::optional<std::chrono::steady_clock::time_point> until);

    // While one lives its thread is in a callback: close() waits for that, unless it is called by it. False once close() has begun.
    class in_callback {
    public:
        explicit in_callback(engine& core);
        ~in_callback();
        in_callback(in_callback const&) = delete;
        in_callback& operator=(in_callback const&) = delete;
        explicit operator bool() const noexcept { return granted_; }

    private:
        engine& core_;
        bool granted_ = false;
    };

    // Everything that waits, and all that is begun later, ends with VSECM_INTERNAL: a thread of the library has failed.
    void give_up();

    // Ends everything that waits, waits for callbacks, then ends the thread. Not on the engine's own thread. Those who are inside
    // another function meanwhile must hold the engine.
    void close();

private:
    struct loop : net::asio::io_context {
        loop() : net::asio::io_context(1) {}
        void drop_work() { shutdown(); }
    };
    struct published {
        std::uint64_t number = 0;  // 0: nothing yet
        finding what;
    };
    using answer = std::optional<finding>;

    explicit engine(config::sdk_settings const& settings);
    base::status start();
    net::awaitable<void> answer_all();
    net::awaitable<void> follow();
    net::awaitable<base::result<client::fetched>> unless(net::asio::cancellation_signal& unwanted, net::awaitable<base::result<client::fetched>> asked);
    net::awaitable<base::status> identify();
    void publish(base::result<client::fetched>&& found);
    finding too_late();
    net::awaitable<void> drop_stale_question(std::chrono::steady_clock::time_point since);
    void spawn(net::awaitable<void> work);
    void run() noexcept;
    finding ended() const;
    bool is_read();

    loop loop_;
    config::sdk_settings settings_;
    ::pid_t const owner_;
    std::unique_ptr<client::session> session_;
    std::unique_ptr<client::safe_client> pushes_;  // held requests have a connection of their own
    net::asio::cancellation_signal nobody_reads_, nobody_asks_;  // end unless(); emitted on the loop
    std::thread thread_;

    std::mutex guard_;
    std::condition_variable told_;
    std::vector<std::shared_ptr<answer>> waiting_, asked_;
    std::chrono::steady_clock::time_point asked_since_{};
    bool over_ = false;    // nobody is to wait any more: closed, or the thread has failed
    bool closed_ = false, asking_ = false, following_ = false;
    std::size_t num_readers_ = 0, num_callbacks_ = 0;
    std::uint64_t num_published_ = 0;
    published state_, trouble_;
};

}  // namespace vsecm::sdk
