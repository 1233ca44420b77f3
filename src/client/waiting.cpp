#include "client/waiting.hpp"

#include "client/condition.hpp"
#include "net/deadline.hpp"

namespace vsecm::client {

net::awaitable<void> wait_for_secret(session& session, std::chrono::milliseconds poll_interval) {
    condition state;
    for (;;) {
        auto opened = co_await session.open(spiffe::svid_source::patience::until_deadline);
        if (opened) break;
        state.failing("waiting_for_identity", opened.error());
    }
    poll_options options;
    options.interval = poll_interval;
    options.max_interval = std::max(poll_interval, std::chrono::milliseconds{5000});
    poller follow(session.safe(), options);
    for (;;) {
        auto found = co_await follow.next();
        if (!found) state.failing("waiting_for_safe", found.error());
        else if (found->what == fetched::kind::value) co_return;
        else base::log::info("waiting_for_secret", {{"why", api::name_of(found->why)}});
    }
}

}  // namespace vsecm::client
