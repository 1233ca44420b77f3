// Many connections on one thread, and the two ways they are used: asking as fast as they are answered, and being held.
#pragma once

#include "load/connection.hpp"
#include "load/server_cost.hpp"

#include <memory>
#include <vector>

namespace vsecm::load {

class crowd {
public:
    // None is open yet. `s` and `t` must outlive it.
    crowd(settings const& s, int num_connections, tally& t);
    ~crowd();
    crowd(crowd const&) = delete;
    crowd& operator=(crowd const&) = delete;

    // As many of the closed ones as may shake hands at a time. None once a thousand things have failed.
    void open_closed();
    // Waits a tenth of a second at most for sockets that can go on, and lets them.
    void turn(bool counting);
    void watch_all();

private:
    client_tls tls_;
    tally& tally_;
    int epoll_;
    std::vector<std::unique_ptr<connection>> connections_;
    std::size_t next_ = 0;
};

// Closed loop until `end`: every connection has one request under way. Answers count from `begin`.
void drive(settings const& s, int num_connections, clock_type::time_point begin, clock_type::time_point end, tally& t);

// The server's memory for connections that do nothing, in bytes for each of `num`.
struct holding_cost {
    int num = 0;
    double seconds = 0;               // until all had been answered once
    double idle_bytes_each = 0;       // after one request
    double watching_bytes_each = 0;   // while the same request is held by the server
};
// Opens all, lets each ask once, measures; lets each ask again with its ETag, measures again. At most the settings' seconds
// for the opening. Every connection that failed, or did not get so far, is in the tally's failures.
holding_cost hold(settings const& s, server_meter const& meter, tally& t);

}  // namespace vsecm::load
