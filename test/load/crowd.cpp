#include "load/crowd.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

namespace vsecm::load {
namespace {

// Handshakes a thread has under way at most: ten thousand at once would only measure its own queue.
constexpr int max_opening = 64;
constexpr std::size_t max_failures = 1000;

// Until the server has nothing left to do: it spends less than 1 % of a core for a quarter of a second.
bool settle(crowd& all, server_meter const& meter) {
    constexpr auto look_every = std::chrono::milliseconds(250);
    constexpr double quiet = 0.0025;
    auto const give_up = clock_type::now() + std::chrono::seconds(20);
    while (clock_type::now() < give_up) {
        auto const spent = meter.read().cpu_seconds;
        for (auto const until = clock_type::now() + look_every; clock_type::now() < until;) all.turn(false);
        if (meter.read().cpu_seconds - spent < quiet) return true;
    }
    return false;
}

}  // namespace

crowd::crowd(settings const& s, int num_connections, tally& t) : tls_(s), tally_(t), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    tally_.closed = num_connections;
    for (int i = 0; i < num_connections; ++i) connections_.push_back(std::make_unique<connection>(s, tls_, epoll_, t));
}

crowd::~crowd() {
    connections_.clear();
    ::close(epoll_);
}

void crowd::open_closed() {
    for (std::size_t seen = 0; tally_.closed > 0 && tally_.opening < max_opening && tally_.failures < max_failures && seen < connections_.size(); ++seen) {
        auto& candidate = *connections_[next_++ % connections_.size()];
        if (!candidate.is_open()) candidate.open();
    }
}

void crowd::turn(bool counting) {
    epoll_event events[64];
    int const ready = ::epoll_wait(epoll_, events, 64, 100);
    for (int i = 0; i < ready; ++i) static_cast<connection*>(events[i].data.ptr)->step(counting);
}

void crowd::watch_all() {
    for (auto& each : connections_) each->watch();
}

void drive(settings const& s, int num_connections, clock_type::time_point begin, clock_type::time_point end, tally& t) {
    t.micros.reserve(1 << 20);
    crowd all(s, num_connections, t);
    for (auto now = clock_type::now(); now < end; now = clock_type::now()) {
        all.open_closed();
        all.turn(now >= begin);
    }
}

holding_cost hold(settings const& s, server_meter const& meter, tally& t) {
    auto const none_open = meter.read();
    auto const began = clock_type::now();
    auto const limit = began + std::chrono::duration_cast<clock_type::duration>(std::chrono::duration<double>(s.seconds));
    crowd all(s, s.connections, t);
    while (t.held < s.connections && t.failures < max_failures && clock_type::now() < limit) {
        all.open_closed();
        all.turn(false);
    }
    holding_cost found;
    found.seconds = std::chrono::duration<double>(clock_type::now() - began).count();
    auto const each = [&] { return (meter.read().anonymous_bytes - none_open.anonymous_bytes) / std::max(t.held, 1); };
    if (!settle(all, meter)) t.fail("the server does not come to rest");
    found.idle_bytes_each = each();
    all.watch_all();
    if (!settle(all, meter)) t.fail("the server does not come to rest");
    found.watching_bytes_each = each();
    found.num = t.held;
    if (t.held < s.connections) t.fail("not every connection was answered in time and kept");
    return found;
}

}  // namespace vsecm::load
