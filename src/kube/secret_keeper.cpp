#include "kube/secret_keeper.hpp"

namespace vsecm::kube {
namespace {

constexpr int max_rounds = 4;  // of seeing, writing, and hearing that it was changed in between

bool was_overtaken(refusal why) {
    return why == refusal::modified || why == refusal::already_exists || why == refusal::fields_owned || why == refusal::no_secret;
}

std::unexpected<api_failure> foreign(secret_ref const& which) {
    return std::unexpected(api_failure{refusal::foreign,
                                       std::format("{} exists and is somebody else's: delete it, or hand it over with the label {}={}", which.text(),
                                                   owner_label, owner_value),
                                       std::nullopt});
}

std::unexpected<api_failure> immutable(secret_ref const& which) {
    return std::unexpected(api_failure{refusal::invalid, which.text() + " is immutable: it must be deleted to be made again", std::nullopt});
}

struct stale_keys {
    std::set<std::string, std::less<>> all;
    bool need_replace = false;  // an apply would leave one of them
};

// What is ours in there and not wanted any more.
stale_keys find_stale(secret_object const& there, secret_data const& wanted) {
    stale_keys found;
    for (auto const& key : there.keys()) {
        auto const by = there.owners(key);
        if (wanted.contains(key) || by.others || !(by.our_apply || by.our_update)) continue;
        found.all.insert(key);
        found.need_replace = found.need_replace || by.our_update;
    }
    return found;
}

bool holds(secret_object const& there, secret_data const& wanted) {
    for (auto const& [key, value] : wanted)
        if (!there.has(key, value.bytes())) return false;
    return true;
}

}  // namespace

net::awaitable<api_result<kept>> secret_keeper::put(secret_ref const& which, secret_data const& data) {
    return keep(which, data, if_absent::make);
}

net::awaitable<api_result<kept>> secret_keeper::empty(secret_ref const& which) {
    secret_data const none;
    co_return co_await keep(which, none, if_absent::leave);
}

net::awaitable<api_result<kept>> secret_keeper::keep(secret_ref const& which, secret_data const& data, if_absent absent) {
    for (int round = 1;; ++round) {
        auto there = co_await api_.get(which);
        bool const is_absent = !there && there.error().why == refusal::no_secret;
        if (!there && !is_absent) co_return std::unexpected(std::move(there).error());
        if (is_absent && absent == if_absent::leave) co_return kept::as_it_was;
        auto done = is_absent ? co_await make(which, data) : co_await amend(which, *there, data);
        if (done || round == max_rounds || !was_overtaken(done.error().why)) co_return done;
    }
}

// By a create, which never touches one that was made just before: an apply would merge ours, the owner's label too, into it.
net::awaitable<api_result<kept>> secret_keeper::make(secret_ref const& which, secret_data const& data) {
    auto created = co_await api_.create(which, write_secret(which, data));
    if (!created) co_return std::unexpected(std::move(created).error());
    co_return kept::written;
}

net::awaitable<api_result<kept>> secret_keeper::amend(secret_ref const& which, secret_object const& there, secret_data const& data) {
    if (!there.is_ours()) co_return foreign(which);
    auto stale = find_stale(there, data);
    if (stale.all.empty() && holds(there, data)) co_return kept::as_it_was;
    if (there.is_immutable()) co_return immutable(which);
    if (!stale.need_replace) {
        auto applied = co_await api_.apply(which, write_secret(which, data, there.uid()), conflicts::win);
        if (applied) co_return kept::written;
        if (applied.error().why != refusal::forbidden) co_return std::unexpected(std::move(applied).error());
    }
    secret_changes const changes{&data, std::move(stale.all), owner_value, {}};
    co_return co_await rewrite(which, there, changes, kept::written);
}

net::awaitable<api_result<kept>> secret_keeper::rewrite(secret_ref const& which, secret_object const& there, secret_changes const& changes, kept done) {
    auto replaced = co_await api_.replace(which, there.rewritten(changes));
    if (!replaced) co_return std::unexpected(std::move(replaced).error());
    co_return done;
}

net::awaitable<api_result<kept>> secret_keeper::remove(secret_ref const& which, parting how) {
    for (int round = 1;; ++round) {
        auto there = co_await api_.get(which);
        if (!there && there.error().why == refusal::no_secret) co_return kept::as_it_was;
        if (!there) co_return std::unexpected(std::move(there).error());
        if (!there->is_ours()) co_return kept::as_it_was;
        bool has_others = false;
        for (auto const& key : there->keys()) has_others = has_others || there->owners(key).others;
        api_result<kept> done = kept::removed;
        if (has_others) {
            auto stale = find_stale(*there, {}).all;
            if (how == parting::for_now && stale.empty()) co_return kept::as_it_was;
            secret_changes const changes{nullptr, std::move(stale), how == parting::for_now ? owner_value : std::string_view{}, {}};
            done = co_await rewrite(which, *there, changes, kept::removed);
        } else if (auto removed = co_await api_.remove(which, *there); !removed) {
            done = std::unexpected(std::move(removed).error());
        }
        if (done || round == max_rounds || !was_overtaken(done.error().why)) co_return done;
    }
}

}  // namespace vsecm::kube
