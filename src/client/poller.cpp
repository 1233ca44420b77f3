#include "client/poller.hpp"

#include "base/bytes.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/random.hpp"
#include "net/deadline.hpp"

namespace vsecm::client {
namespace {

std::uint64_t random_number() {
    std::uint64_t number = 0;
    crypto::random_fill({reinterpret_cast<std::uint8_t*>(&number), sizeof number});
    return number;
}

// Within a tenth either way, so that a thousand sidecars started together do not ask together.
std::chrono::milliseconds around(std::chrono::milliseconds interval) {
    auto const tenth = static_cast<std::uint64_t>(interval.count() / 10);
    if (tenth == 0) return interval;
    return interval - std::chrono::milliseconds{tenth} + std::chrono::milliseconds{random_number() % (2 * tenth + 1)};
}

net::backoff_policy retry_policy(poll_options const& options) {
    net::backoff_policy policy;
    policy.first = std::min(options.interval, std::chrono::milliseconds{1000});
    policy.cap = options.max_interval;
    return policy;
}

// The pause is jittered over its whole range; without a floor a run of small draws would hammer a safe that is away.
constexpr std::chrono::milliseconds least_pause{50};

}  // namespace

poller::poller(safe_client& safe, poll_options options) noexcept : safe_(safe), options_(std::move(options)), retries_(retry_policy(options_)) {}

std::chrono::milliseconds poller::pause_after_failure() {
    return std::max(least_pause, retries_.next().value_or(options_.max_interval));
}

bool poller::is_news(fetched const& found) {
    if (found.what == fetched::kind::unchanged) return false;
    std::string mark;
    if (found.what == fetched::kind::value) {
        auto const digest = crypto::sha256(found.content.data.bytes());
        mark = "value:" + std::string(base::as_text(digest));
    } else {
        mark = "absent:" + std::string(api::name_of(found.why));
    }
    if (last_ == mark) return false;
    last_ = std::move(mark);
    return true;
}

net::awaitable<base::result<fetched>> poller::next() {
    for (;;) {
        if (auto const pause = std::exchange(pause_, std::nullopt)) {
            if (auto slept = co_await net::sleep_for(*pause); !slept) co_return std::unexpected(std::move(slept).error());
        }
        if (is_lost_) etag_.clear();  // or safe would answer that it is unchanged
        // After a failure safe is to say at once that it is there, and not only when the hold ends.
        bool const was_away = std::exchange(is_away_, false);
        bool const is_to_be_held = !etag_.empty() && !was_away;
        auto const wait = is_to_be_held ? options_.wait : std::chrono::seconds{0};
        auto const asked = net::steady_clock::now();
        auto found = co_await safe_.fetch(etag_, wait);
        if (!found) {
            pause_ = pause_after_failure();
            is_away_ = true;
            co_return std::unexpected(std::move(found).error());
        }
        retries_.reset();
        if (!found->etag.empty() || found->what != fetched::kind::unchanged) etag_ = found->etag;
        bool const is_new = is_news(*found);
        if (etag_.empty()) pause_ = around(options_.interval);
        // A server that answers at once without news instead of holding must not be asked in a tight loop. The same bytes under
        // another ETag may be a write that changes nothing, once: what comes after it is to be here at once.
        bool const is_idle = !is_new && is_to_be_held && net::steady_clock::now() - asked < std::chrono::seconds{1};
        if (is_idle && (was_idle_ || found->what == fetched::kind::unchanged) && !etag_.empty()) pause_ = around(std::chrono::seconds{1});
        was_idle_ = is_idle;
        if (!is_new && options_.on_unchanged && options_.on_unchanged()) is_lost_ = true;
        if (!is_new && (!is_lost_ || found->what == fetched::kind::unchanged)) continue;
        is_lost_ = false;
        repeats_ = !is_new;
        co_return std::move(*found);
    }
}

}  // namespace vsecm::client
