// From the changes of one request to what must be written and what readers will see: the rules of put, append and remove.
#pragma once

#include "store/backend.hpp"
#include "store/change.hpp"
#include "store/secret_map.hpp"
#include "store/secret_store.hpp"
#include "store/snapshot.hpp"
#include "store/version_reader.hpp"

#include <unordered_map>

namespace vsecm::store {

struct request_plan {
    commit_outcome answer;
    write_group group;                                       // what the backend must write; may be empty
    std::vector<std::shared_ptr<stored_secret>> snapshots;   // to publish once it is written
};

// The writer's own: one thread.
class planner {
public:
    planner(secret_map const& map, snapshot_maker const& maker, version_reader const& earlier, store_options const& options,
            base::clock const& clock)
        : map_(map), maker_(maker), earlier_(earlier), options_(options), clock_(clock) {}

    // errc::conflict, limited, too_large; not_found, corrupt and storage when an earlier version is asked for: then nothing of the request may happen.
    base::result<request_plan> plan(std::vector<change>& changes, std::shared_ptr<crypto::value_cipher const> const& cipher) const;
    // Puts on the disk again what memory says of these names, under versions nobody used.
    base::result<request_plan> plan_settling(std::span<std::string const> names,
                                             std::shared_ptr<crypto::value_cipher const> const& cipher) const;

    // A version that may be on the disk although its write failed must not be given out again.
    void burn(std::string const& name, std::uint64_t version) { burnt_[name] = version; }

private:
    std::uint64_t next_version(std::string_view name, secret_ptr const& current) const;
    base::status plan_departure(change& c, std::shared_ptr<crypto::value_cipher const> const& cipher, request_plan& out) const;
    base::status plan_one(change& c, std::shared_ptr<crypto::value_cipher const> const& cipher, request_plan& out) const;
    base::result<plain_record> next_record(change& c, secret_ptr const& current) const;
    base::result<std::vector<std::string>> left_behind(plain_record const& next, secret_ptr const& current) const;
    base::result<plain_record> restored(change const& c, secret_ptr const& current) const;

    secret_map const& map_;
    snapshot_maker const& maker_;
    version_reader const& earlier_;
    store_options const& options_;
    base::clock const& clock_;
    std::unordered_map<std::string, std::uint64_t> burnt_;
};

}  // namespace vsecm::store
