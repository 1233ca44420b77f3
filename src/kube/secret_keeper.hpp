// Making a Secret hold what it should, and keeping off what is somebody else's.
#pragma once

#include "kube/secrets_api.hpp"

namespace vsecm::kube {

enum class kept : std::uint8_t {
    as_it_was,  // nothing was written
    written,
    removed,
};

enum class parting : std::uint8_t {
    for_good,  // what others leave of it is theirs from now on
    for_now,   // it will be filled again, so it stays ours
};

// Ours is a Secret with the owner's label, whoever put it there; so is, in it, each key that the server's book says we, or the
// original, have written. One without that label is refused (refusal::foreign), and keys, labels and annotations of others live
// on. Made by a create; changed by server-side apply, or where the role may not patch, or only that removes a key of ours, by
// reading, merging and replacing. On the loop of the api, one call at a time; arguments are borrowed until the answer is there.
class secret_keeper {
public:
    explicit secret_keeper(secrets_api& api) : api_(api) {}

    // Exactly `data`, as far as it is ours.
    net::awaitable<api_result<kept>> put(secret_ref const& which, secret_data const& data);
    // None of our keys is in it any more; the Secret stays, and is still ours. One that is not there is not made.
    net::awaitable<api_result<kept>> empty(secret_ref const& which);
    // The Secret goes, or our part of it where others have theirs in it. One that is not ours stays.
    net::awaitable<api_result<kept>> remove(secret_ref const& which, parting how = parting::for_good);

private:
    enum class if_absent : std::uint8_t { make, leave };
    net::awaitable<api_result<kept>> keep(secret_ref const& which, secret_data const& data, if_absent absent);
    net::awaitable<api_result<kept>> make(secret_ref const& which, secret_data const& data);
    net::awaitable<api_result<kept>> amend(secret_ref const& which, secret_object const& there, secret_data const& data);
    net::awaitable<api_result<kept>> rewrite(secret_ref const& which, secret_object const& there, secret_changes const& changes, kept done);

    secrets_api& api_;
};

}  // namespace vsecm::kube
