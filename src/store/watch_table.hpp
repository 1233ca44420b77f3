// What a hub and the store share: the hub's table, and the way to its loop.
#pragma once

#include "net/asio.hpp"
#include "net/wake_signal.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace vsecm::store {

// Touched on its loop only, but for `loop`, which never changes.
struct watch_table {
    explicit watch_table(net::executor e) : loop(std::move(e)) {}
    void ring(std::string const& name);
    void remove(std::string const& name, std::uint64_t id) noexcept;

    using bells = std::map<std::uint64_t, net::wake_signal*>;  // by registration
    net::executor const loop;
    std::unordered_map<std::string, bells> watchers;  // by name; none is empty
    std::uint64_t next_id = 1;
    std::function<void(std::string const&)> on_every_change;
    bool closed = false;  // the hub is gone
};

// The hubs of a store. Thread-safe.
class watch_board {
public:
    void join(std::shared_ptr<watch_table> table);
    void leave(std::shared_ptr<watch_table> const& table);
    // One posted message for each loop.
    void announce(std::vector<std::string> names);

private:
    std::mutex mutex_;
    std::vector<std::shared_ptr<watch_table>> tables_;
};

}  // namespace vsecm::store
