#include "client/waiting.hpp"

#include "base/try.hpp"
#include "client/condition.hpp"
#include "client/poller.hpp"
#include "net/deadline.hpp"

namespace vsecm::client {
namespace {

// Logs each new reason and keeps the newest.
struct reasons {
    void failing(std::string_view event, base::error why) {
        state.failing(event, why);
        newest = std::move(why);
    }
    condition state;
    base::error newest{base::errc::no_identity, "the Workload API gave no identity in time"};
};

net::awaitable<base::result<fetched>> until_there(session& session, std::chrono::milliseconds poll_interval, reasons& seen) {
    for (;;) {
        auto opened = co_await session.open(spiffe::svid_source::patience::until_deadline);
        if (opened) break;
        if (opened.error().code == base::errc::cancelled) co_return std::unexpected(std::move(opened).error());
        seen.failing("waiting_for_identity", std::move(opened).error());
    }
    seen.newest = {base::errc::timeout, "safe did not answer in time"};
    poll_options options;
    options.interval = poll_interval;
    options.max_interval = std::max(poll_interval, std::chrono::milliseconds{5000});
    poller follow(session.safe(), options);
    for (;;) {
        auto found = co_await follow.next();
        if (found && found->what == fetched::kind::value) co_return found;
        if (found)
            seen.failing("waiting_for_secret", no_secret(found->why));
        else if (found.error().code == base::errc::cancelled)
            co_return found;
        else
            seen.failing("waiting_for_safe", std::move(found).error());
    }
}

}  // namespace

base::error no_secret(api::absence why) {
    auto const sentence = [why] {
        switch (why) {
            case api::absence::absent: return "there is no secret for this workload";
            case api::absence::deleted: return "there is no secret for this workload (any more)";
            case api::absence::not_yet: return "the secret is not valid yet";
            case api::absence::expired: return "the secret has expired";
        }
        return "there is no secret";
    };
    return {base::errc::not_found, sentence()};
}

net::awaitable<base::result<fetched>> fetch_once(session& session) {
    VSECM_CO_TRY_OK(co_await session.open(spiffe::svid_source::patience::until_first_error));
    co_return co_await session.safe().fetch();
}

net::awaitable<base::result<fetched>> wait_for_secret(session& session, waiting how) {
    if (how.limit == std::chrono::milliseconds{0}) {
        auto found = co_await fetch_once(session);
        if (found && found->what != fetched::kind::value) co_return std::unexpected(no_secret(found->why));
        co_return found;
    }
    reasons seen;
    auto work = until_there(session, how.poll_interval, seen);
    if (!how.limit) co_return co_await std::move(work);
    auto found = co_await net::with_deadline(std::move(work), *how.limit, "the wait");
    if (!found && found.error().code == base::errc::timeout) co_return std::unexpected(std::move(seen.newest));
    co_return found;
}

}  // namespace vsecm::client
