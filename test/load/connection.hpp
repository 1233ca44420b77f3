// One connection of the generator: connects, shakes hands, asks, reads the answer, and begins again.
#pragma once

#include "load/client_tls.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace vsecm::load {

using clock_type = std::chrono::steady_clock;

// What the connections of one thread came to.
struct tally {
    std::vector<float> micros;  // of each answer, from its first byte sent (or from connect, with --fresh)
    std::size_t failures = 0;
    std::string first_failure;
    std::size_t answer_len = 0;
    int closed = 0, opening = 0, held = 0;  // connections; opening ones have not shaken hands yet

    void fail(std::string why) {
        if (failures++ == 0) first_failure = std::move(why);
    }
};

// Everything given must outlive it.
class connection {
public:
    connection(settings const& s, client_tls& tls, int epoll, tally& t) : s_(s), tls_(tls), epoll_(epoll), tally_(t) {}
    ~connection() { close(); }
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    bool is_open() const { return fd_ >= 0; }
    void open();
    // Goes on as far as the socket allows; counts answers when `counting`. With --hold it falls silent after its first
    // answer, and anything the server says from then on is a failure.
    void step(bool counting);
    // Asks again what was answered before, to be held until it changes. For a silent connection.
    void watch();

private:
    void close();
    // After an answer of `len` bytes.
    void answered(std::size_t len, bool counting);
    void fall_silent();
    // The length of a whole answer in got_.
    std::optional<std::size_t> complete();
    // OpenSSL returned `returned`: it wants the socket, or the connection is lost.
    void blocked(int returned, char const* during);

    settings const& s_;
    client_tls& tls_;
    int epoll_;
    tally& tally_;
    int fd_ = -1;
    SSL* ssl_ = nullptr;
    bool shaken_ = false, sent_ = false, silent_ = false;
    std::string got_, watch_request_;
    clock_type::time_point begun_;
};

}  // namespace vsecm::load
