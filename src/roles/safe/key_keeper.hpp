// What operators do with the root key while safe serves: give it by hand, rotate it, and forget one that was replaced.
#pragma once

#include "api/messages.hpp"
#include "roles/safe/root_key_store.hpp"
#include "roles/safe/vault.hpp"

#include <functional>

namespace vsecm::roles::safe {

// A new key is durable before anything is encrypted with it, and brings the old ones along, so that what any moment leaves on
// the disk opens with the key that is stored. Called on every loop; works on the first, one operation at a time
// (errc::conflict for another).
class key_keeper {
public:
    // `keys` may be null: the key is in memory only.
    key_keeper(net::executor first_loop, root_key_store* keys) : loop_(std::move(first_loop)), keys_(keys) {}

    // Stores the first key, which was given by hand and has opened the store; fine if it is there already. There are `keys`.
    // errc::conflict if there is another by now; errors of root_key_store.
    net::awaitable<base::status> keep(vault const& opened);

    // Replaces the key of `opened` by `given`, or by one made here. Everything stored is brought under it afterwards, see
    // vault::secrets().renewing(). errc::invalid without `given` where the key is in memory only (the new one would be lost with
    // the process); limited: too many are kept; errors of root_key_store: the old key stays in use.
    net::awaitable<base::result<api::rotation>> rotate(vault& opened, std::optional<crypto::root_key> given);

    // Takes a replaced key out, once nothing stored needs it: sentences about files that no key opens, for the operator.
    // errc::not_found, invalid (it is the present one), storage: something may still need it, and is named.
    net::awaitable<base::result<std::vector<std::string>>> forget(vault& opened, std::string id);

private:
    net::awaitable<base::status> keep_here(vault const& opened);
    net::awaitable<base::result<api::rotation>> rotate_here(vault& opened, std::optional<crypto::root_key> given);
    net::awaitable<base::result<std::vector<std::string>>> forget_here(vault& opened, std::string id);
    // Puts `next` where the key is kept, or finds one there, in the place of `present`, that `will_do`. Gives the one that is there.
    net::awaitable<base::result<std::shared_ptr<crypto::root_key const>>> put(crypto::root_key const& present, std::shared_ptr<crypto::root_key const> next,
                                                                              std::function<bool(crypto::root_key const&)> will_do);

    net::executor loop_;
    root_key_store* keys_;
    bool busy_ = false;
};

}  // namespace vsecm::roles::safe
