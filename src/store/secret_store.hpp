// The secrets of this process: in memory, sealed; durable through a backend. The one thing all event loops share.
#pragma once

#include "crypto/value_cipher.hpp"
#include "net/asio.hpp"
#include "store/backend.hpp"
#include "store/change.hpp"
#include "store/key_renewal.hpp"
#include "store/limits.hpp"
#include "store/version_list.hpp"
#include "store/write_meter.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace vsecm::store {

// Makes what a workload receives of its values (newest first, never empty), unless the change brings it. Must not fail. Called
// on the store's writer, so it must be quick and thread-safe.
using deliver_fn = std::function<base::secret_text(std::span<std::string_view const> values, secret_meta const& meta)>;

struct store_options {
    std::size_t max_waiting = 4096;                  // requests that wait for the writer; beyond: errc::limited
    std::size_t max_waiting_bytes = max_waiting_len;  // of their values; a request that has more alone: errc::too_large
    std::size_t max_secrets = 1'000'000;             // names with a value; beyond: errc::limited
    std::size_t max_values = 1000;                   // of one secret, by append; beyond: errc::too_large
    std::size_t max_tombstones = store::max_tombstones;  // deleted names remembered; beyond, the oldest tenth is forgotten, but nothing `leaving`
    // What names with this prefix are made into elsewhere goes with them: a namespace that is taken from one, or a deletion, is
    // remembered in secret_meta::leaving, over restarts too, until a change_kind::depart. Empty: nothing is remembered.
    std::string mirrored_prefix;
    deliver_fn deliver;                              // none: the value as it is, several as a JSON array of strings
};

struct store_health {
    std::size_t num_present = 0, num_damaged = 0;
    std::size_t num_waiting = 0;                  // requests not yet answered
    std::chrono::milliseconds oldest_waiting{0};  // age of the oldest of them: the writer is stuck when this grows
    std::optional<base::system_time> last_write;  // when the last one was complete, of memory-only secrets too; none since the start
    std::string_view kind;                        // of the backend, for people: "file /var/local/vsecm/data"; lives as the store
    bool unsettled = false;                       // the last write failed half-way and is not repaired yet
    std::string last_error;                       // of the last failed write, or of what waits to be tidied; empty when all is well
};

struct load_summary {
    std::size_t num_present = 0, num_deleted = 0, num_damaged = 0;
    std::chrono::milliseconds took{0};
    std::vector<std::string> warnings;
};

class watch_hub;
class watch_board;

// Thread-safe, every member. Reads take a shared lock for a look-up and hold nothing afterwards; writes are ordered by one
// writer thread. Make it before, and destroy it after, everything that uses it; loops must be stopped or idle by then.
class secret_store {
public:
    // Loads everything. Errors of the backend's load; errc::no_match if our key opens nothing of what is there.
    static base::result<std::unique_ptr<secret_store>> open(std::unique_ptr<backend> behind,
                                                            std::shared_ptr<crypto::value_cipher const> cipher,
                                                            store_options options, base::clock const& clock);
    ~secret_store();  // stops
    secret_store(secret_store const&) = delete;
    secret_store& operator=(secret_store const&) = delete;

    // --- reading ------------------------------------------------------------------------------------------------------
    secret_ptr find(std::string_view name) const;        // null if there never was one; see stored_secret::state
    std::vector<secret_ptr> list() const;                // present and damaged ones, by name
    std::vector<std::string> names_with_prefix(std::string_view prefix) const;  // all ever known, deleted ones too
    std::size_t num_present() const noexcept;

    // What a workload receives / what the operator gave (one value as it is, several as a JSON array of strings).
    // errc::corrupt if memory was changed; errc::not_found for a snapshot without values.
    base::result<base::secret_text> delivered_text(stored_secret const& secret) const;
    base::result<base::secret_text> value_text(stored_secret const& secret) const;
    base::result<std::vector<base::secret_text>> values(stored_secret const& secret) const;

    // The versions of a name: what is there now, then the earlier ones that are kept, newest first. errc::not_found if there
    // never was such a secret, limited, unavailable (stopping), storage.
    net::awaitable<base::result<version_list>> versions(std::string name);
    base::result<version_list> versions_and_wait(std::string name);  // blocks; for tools and tests

    // The ETag, quotes included, of what `name` looks like: the same after a restart (but for the first one with another root
    // key), never reused for anything else. `secret` may be null.
    std::string etag(std::string_view name, secret_ptr const& secret, visibility seen) const;

    // --- writing ------------------------------------------------------------------------------------------------------
    // All changes or none; answered when they are durable and every reader sees them, on the caller's loop. Names must
    // differ from each other. errc::invalid (name, empty value, the same name twice), conflict (expected_version; undelete
    // of what is not deleted), not_found and corrupt (a version to go back to is not kept, or does not open), limited (queue or number of secrets), too_large, storage (the disk refused; nothing changed), unavailable (stopping).
    net::awaitable<base::result<commit_outcome>> commit(std::vector<change> changes);
    // The same; `done` is called once, on the writer's thread or, for an immediate refusal, on this one.
    using completion = std::move_only_function<void(base::result<commit_outcome>)>;
    void submit(std::vector<change> changes, completion done);
    base::result<commit_outcome> commit_and_wait(std::vector<change> changes);  // blocks; for tools and tests

    // --- another root key ---------------------------------------------------------------------------------------------
    // Calls `change` between two batches, which gives the cipher another key; it must open what the last one opens. From then on
    // everything that is stored, of whatever age, is brought under that key, little by little; reads and writes go on. The next start
    // goes on by itself, because the key brings others that only decrypt. errc::limited, unavailable (stopping).
    net::awaitable<base::status> change_key(std::function<void()> change);
    base::status change_key_and_wait(std::function<void()> change);  // blocks; for tools and tests
    // The same once more, without a change; ends when all has been looked at. errc::storage (not all of it; it is tried again without
    // being asked), limited, unavailable.
    net::awaitable<base::result<renewal_state>> renew();
    base::result<renewal_state> renew_and_wait();  // blocks; for tools and tests
    renewal_state renewing() const;

    // Refuses new writes, finishes those that wait, ends the writer. Idempotent, blocks.
    void stop();

    store_health health() const;
    write_counts written() const noexcept;
    load_summary const& loaded() const noexcept;
    bool adopted() const noexcept;
    base::clock const& clock() const noexcept;
    // The clock was set by hand: look at dates now (tests).
    void look_at_dates();

private:
    friend class watch_hub;
    struct impl;
    watch_board& board() noexcept;
    explicit secret_store(std::unique_ptr<impl> i) noexcept;
    std::unique_ptr<impl> impl_;
};

// The name's rules as the store needs them (api::check_secret_name has the stricter ones for requests): not empty, no NUL,
// encoded form at most api::max_encoded_name_len. errc::invalid.
base::status check_storable_name(std::string_view name);

}  // namespace vsecm::store
