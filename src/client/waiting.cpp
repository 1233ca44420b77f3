#include "client/waiting.hpp"

#include "base/log.hpp"
#include "net/deadline.hpp"

namespace vsecm::client {
namespace {

// A reason that stays the same is told once, not once a second.
class told_once {
public:
    void tell(std::string_view event, base::error const& why) {
        if (why.what == last_) return;
        last_ = why.what;
        base::log::warn(event, {{"code", base::name_of(why.code)}, {"what", why.what}});
    }

private:
    std::string last_;
};

}  // namespace

net::awaitable<void> wait_for_secret(session& session, std::chrono::milliseconds poll_interval) {
    told_once log;
    for (;;) {
        auto opened = co_await session.open(spiffe::svid_source::patience::until_deadline);
        if (opened) break;
        log.tell("waiting_for_identity", opened.error());
    }
    poll_options options;
    options.interval = poll_interval;
    options.max_interval = std::max(poll_interval, std::chrono::milliseconds{5000});
    poller follow(session.safe(), options);
    for (;;) {
        auto found = co_await follow.next();
        if (!found) log.tell("waiting_for_safe", found.error());
        else if (found->what == fetched::kind::value) co_return;
        else base::log::info("waiting_for_secret", {{"why", api::name_of(found->why)}});
    }
}

}  // namespace vsecm::client
