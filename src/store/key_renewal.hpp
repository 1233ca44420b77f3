// After the root key was changed: everything that is stored is brought under the new one, in small steps between the writer's
// batches, over failures and restarts.
#pragma once

#include "store/backend.hpp"

#include <mutex>

namespace vsecm::store {

struct renewal_state {
    bool running = false;
    std::size_t num_done = 0, num_total = 0;  // ciphertexts looked at, and about how many there are
    std::size_t num_renewed = 0;
    std::vector<std::string> unopened;        // sentences about files that no key opens; the first hundred
    std::string problem;                      // why it does not get on; empty when all is well
};
// errc::storage: something may still need a key that was replaced; it is tried again by itself.
using renewal_done = std::move_only_function<void(base::result<renewal_state>)>;

// The writer's own, but for state(), which is thread-safe.
class key_renewal {
public:
    key_renewal(backend& behind, record_opener const& opener) : behind_(behind), opener_(opener) {}

    // Everything again from the start, under the key of this id. `done` hears when all has been looked at; those who wait from an
    // earlier call wait on.
    void begin(std::string key_id, renewal_done done);
    // Takes a step if one is due. How long it may be left alone.
    std::chrono::nanoseconds run();
    // Nobody will call run() any more.
    void stop();

    renewal_state state() const;

private:
    using clock = std::chrono::steady_clock;

    base::status step();
    void end();
    void answer(base::result<renewal_state> const& with);

    backend& behind_;
    record_opener const& opener_;
    std::string key_id_;
    bool begun_ = false;
    std::vector<std::string> unread_;
    std::vector<renewal_done> waiting_;
    clock::time_point not_before_{};
    mutable std::mutex mutex_;
    renewal_state state_;
};

}  // namespace vsecm::store
