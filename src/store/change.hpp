// What a request asks of the store, and what it hears back.
#pragma once

#include "base/clock.hpp"
#include "base/secret_text.hpp"
#include "store/stored_secret.hpp"

#include <optional>
#include <vector>

namespace vsecm::store {

enum class change_kind : std::uint8_t {
    put,     // the value replaces all earlier ones
    append,  // the value comes first, then the earlier ones not equal to it (contract 15.1)
    remove,  // a tombstone stays, and what was there becomes the newest earlier version
    rollback,  // an earlier version (`restores`) becomes current again, as a new version
    undelete,  // the same with the newest earlier version of a deleted secret
    depart,  // what was made of it is gone from the namespaces in `meta`: they are not `leaving` any more. No new version, no news
             // to anybody, and nothing at all if there is another version than `expected_version`
};
constexpr bool carries_value(change_kind k) noexcept { return k == change_kind::put || k == change_kind::append; }

struct change {
    change_kind kind = change_kind::put;
    std::string name;
    base::secret_text value;  // not empty for put and append; the others need nothing but the name
    // What a workload receives, where that takes more than the store's deliver_fn does on the writer; of an append, for the
    // values that appended() makes of this one and those of `expected_version`, which is then set.
    std::optional<base::secret_text> delivered;
    secret_meta meta;
    base::system_time not_before{};
    base::system_time expires = base::never();
    std::uint64_t restores = 0;  // rollback: the number of that version
    // The version the caller saw (0: no such secret; for undelete: that of the deletion). Another one there: errc::conflict, nothing of the request is done.
    std::optional<std::uint64_t> expected_version;
    std::string correlation_id;
    bool memory_only = false;  // `-b memory`: gone after a restart; an earlier durable copy is erased
};

// The values after an append: the newest, then the earlier ones not equal to it.
std::vector<base::secret_text> appended(base::secret_text&& newest, std::vector<base::secret_text>&& earlier);

struct changed {
    std::uint64_t version = 0;  // after the change; what was there if nothing was to be done
    bool existed = false;       // the secret was present before (a remove of an absent one does nothing)
};
// One entry for each change of the request, in order.
using commit_outcome = std::vector<changed>;

}  // namespace vsecm::store
