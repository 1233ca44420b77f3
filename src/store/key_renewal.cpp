#include "store/key_renewal.hpp"

#include "base/log.hpp"
#include "base/try.hpp"

#include <algorithm>

namespace vsecm::store {

namespace log = base::log;

namespace {

constexpr std::size_t most_named = 100;
constexpr std::chrono::seconds after_failure{1};
constexpr std::chrono::minutes after_unread{1};

}  // namespace

void key_renewal::begin(std::string key_id, renewal_done done) {
    key_id_ = std::move(key_id);
    begun_ = false;
    not_before_ = {};
    if (done) waiting_.push_back(std::move(done));
    std::lock_guard held(mutex_);
    state_ = {};
    state_.running = true;
}

std::chrono::nanoseconds key_renewal::run() {
    if (!state_.running) return std::chrono::nanoseconds::max();
    auto const begun = clock::now();
    if (begun < not_before_) return not_before_ - begun;
    auto done = step();
    auto const ended = clock::now();
    if (!done) {
        if (state_.problem != done.error().what) log::error("renewal_failed", {{"backend", behind_.describe()}, {"reason", done.error().what}});
        {
            std::lock_guard held(mutex_);
            state_.problem = done.error().what;
        }
        answer(std::unexpected(std::move(done).error()));
        not_before_ = ended + after_failure;
        return after_failure;
    }
    if (!state_.running) return std::chrono::nanoseconds::max();
    // Writes get as much of the writer's time as this does.
    not_before_ = std::max(not_before_, ended + (ended - begun));
    return not_before_ - ended;
}

base::status key_renewal::step() {
    if (!begun_) {
        VSECM_TRY_OK(behind_.begin_renewal(key_id_));
        begun_ = true;
        unread_.clear();
    }
    VSECM_TRY(some, behind_.renew_some(opener_));
    for (auto const& sentence : some.unopened) log::error("renewal_passed_over", {{"what", sentence}});
    for (auto& sentence : some.unread) unread_.push_back(std::move(sentence));
    {
        std::lock_guard held(mutex_);
        state_.num_done += some.num_seen;
        state_.num_renewed += some.num_renewed;
        state_.num_total = state_.num_done + some.num_ahead;
        for (auto& sentence : some.unopened)
            if (state_.unopened.size() < most_named) state_.unopened.push_back(std::move(sentence));
        state_.problem.clear();
    }
    if (some.at_end) end();
    return {};
}

void key_renewal::end() {
    // A start that finds nothing left to do is no news.
    auto const level = state_.num_renewed > 0 ? log::level::warn : log::level::info;
    log::write(level, "renewal_ended", {{"root_key", key_id_}, {"ciphertexts", state_.num_done}, {"renewed", state_.num_renewed},
                                        {"unopened", state_.unopened.size()}, {"unread", unread_.size()}});
    if (unread_.empty()) {
        {
            std::lock_guard held(mutex_);
            state_.running = false;
        }
        return answer(state_);
    }
    // The disk may give tomorrow what it refuses now: all of it once more, in a while.
    auto const problem = unread_.front();
    bool const alone = unread_.size() == 1;
    begin(std::move(key_id_), nullptr);
    not_before_ = clock::now() + after_unread;
    {
        std::lock_guard held(mutex_);
        state_.problem = problem;
    }
    answer(base::fail(base::errc::storage, "{} cannot be read: {}", alone ? "a file" : "some files", problem));
}

void key_renewal::answer(base::result<renewal_state> const& with) {
    for (auto& done : std::exchange(waiting_, {})) done(with);
}

void key_renewal::stop() { answer(base::fail(base::errc::unavailable, "the store is stopping")); }

renewal_state key_renewal::state() const {
    std::lock_guard held(mutex_);
    return state_;
}

}  // namespace vsecm::store
