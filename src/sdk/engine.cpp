#include "sdk/engine.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "net/deadline.hpp"
#include "sdk/quiet_thread.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <openssl/crypto.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>

namespace vsecm::sdk {

using base::errc;
using base::fail;
using patience = spiffe::svid_source::patience;

namespace {

// A library in somebody else's process: it loads no configuration there, leaves nothing to run at exit, and says nothing.
base::status prepare_process() {
    static bool const ready = [] {
        OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
        base::log::configure(base::log::level::fatal, base::log::format::text, "sdk");
        return sodium_init() >= 0;
    }();
    if (!ready) return fail(errc::internal, "libsodium found no random numbers");
    return {};
}

finding unchanged() { return {VSECM_UNCHANGED, {}, "there was nothing new in the time given"}; }
thread_local engine const* calls_back_for = nullptr;

// After which a question that nobody waits for any more gives way to the next.
constexpr std::chrono::seconds stale_after{1};

constexpr bool settles(int status) { return status == VSECM_OK || VSECM_IS_ABSENCE(status); }

}  // namespace

engine::engine(config::sdk_settings const& settings) : settings_(settings), owner_(::getpid()) {}

bool engine::is_ours() const noexcept { return ::getpid() == owner_; }

base::result<std::shared_ptr<engine>> engine::make(config::sdk_settings const& settings) {
    VSECM_TRY_OK(prepare_process());
    std::shared_ptr<engine> made(new engine(settings));
    VSECM_TRY_OK(made->start());
    return made;
}

base::status engine::start() {
    auto const on = loop_.get_executor();
    VSECM_TRY(session, client::session::make(on, settings_.identity, settings_.client, client::self_kind::any));
    session_ = std::make_unique<client::session>(std::move(session));
    pushes_ = session_->another_client();
    thread_ = quiet_thread([this, keeps = net::asio::make_work_guard(loop_)] { run(); });
    return {};
}

void engine::run() noexcept {
    try {
        loop_.run();
    } catch (std::exception const&) {
        give_up();
    }
}

// Of what waits no more. Under the lock.
finding engine::ended() const {
    if (over_ && !closed_) return {VSECM_INTERNAL, {}, "the client's thread has failed, perhaps for want of memory"};
    return {VSECM_CLOSED, {}, "the client was closed"};
}

void engine::give_up() {
    std::lock_guard const lock(guard_);
    over_ = true;
    told_.notify_all();
}

engine::~engine() { close(); }

void engine::close() {
    {
        std::unique_lock lock(guard_);
        if (std::exchange(closed_, true)) return;
        over_ = true;
        told_.notify_all();
        std::size_t const own = calls_back_for == this ? 1 : 0;  // exit() in a callback, say
        told_.wait(lock, [&] { return num_callbacks_ == own; });
    }
    if (thread_.joinable()) {
        try {
            net::asio::post(loop_, [this] {
                pushes_->close();
                session_->close();
                loop_.stop();
            });
        } catch (std::bad_alloc const&) {
            loop_.stop();  // without a goodbye to anybody
        }
        thread_.join();
    }
    loop_.drop_work();  // coroutines hold what they borrowed from the members above
    std::lock_guard const lock(guard_);
    state_ = {};  // watches may stay, and hold the engine: the secret does not
}

void engine::spawn(net::awaitable<void> work) {
    net::asio::co_spawn(loop_, std::move(work), [this](std::exception_ptr const& thrown) {
        if (thrown) give_up();
    });
}

net::awaitable<base::status> engine::identify() { co_return co_await session_->open(patience::until_deadline); }

engine::in_callback::in_callback(engine& core) : core_(core) {
    std::lock_guard const lock(core_.guard_);
    if (core_.closed_) return;
    granted_ = true;
    ++core_.num_callbacks_;
    calls_back_for = &core_;
}

engine::in_callback::~in_callback() {
    if (!granted_) return;
    calls_back_for = nullptr;
    std::lock_guard const lock(core_.guard_);
    --core_.num_callbacks_;
    core_.told_.notify_all();
}

// --- questions ------------------------------------------------------------------------------------------------------

finding engine::fetch(std::chrono::milliseconds timeout) {
    auto const until = std::chrono::steady_clock::now() + timeout;
    auto const mine = std::make_shared<answer>();
    std::unique_lock lock(guard_);
    if (over_) return ended();
    if (asking_ && asked_.empty() && waiting_.empty()) spawn(drop_stale_question(asked_since_));
    waiting_.push_back(mine);
    if (!asking_) spawn(answer_all());  // begins on the loop, which waits for the lock
    asking_ = true;
    told_.wait_until(lock, until, [&] { return *mine || over_; });
    if (*mine) return **mine;
    if (over_) return ended();
    std::erase(waiting_, mine);
    if (std::erase(asked_, mine) > 0 && asked_.empty() && !waiting_.empty()) spawn(drop_stale_question(asked_since_));
    return too_late();
}

net::awaitable<void> engine::answer_all() {
    for (;;) {
        {
            std::lock_guard const lock(guard_);
            if (waiting_.empty()) {
                asking_ = false;
                co_return;
            }
            asked_ = std::exchange(waiting_, {});
            asked_since_ = std::chrono::steady_clock::now();
        }
        base::result<client::fetched> found = fail(errc::no_identity, "");
        if (auto known = co_await identify(); known) found = co_await unless(nobody_asks_, session_->safe().fetch());
        else found = std::unexpected(std::move(known).error());
        auto const said = finding_of(std::move(found));
        std::lock_guard const lock(guard_);
        for (auto const& question : asked_) *question = said;
        asked_.clear();
        told_.notify_all();
    }
}

// Who asked has gone, and the connection may be dead: whoever asks next is not to wait behind it for ever. But it may also be
// a young one, which only took longer than somebody's patience: with that the next answer is nearer.
net::awaitable<void> engine::drop_stale_question(std::chrono::steady_clock::time_point since) {
    if (auto slept = co_await net::sleep_for(since + stale_after - std::chrono::steady_clock::now()); !slept) co_return;
    {
        std::lock_guard const lock(guard_);
        if (!asking_ || !asked_.empty() || waiting_.empty() || asked_since_ != since) co_return;
    }
    nobody_asks_.emit(net::asio::cancellation_type::terminal);
}

// Says what was still missing: who we are, or safe's answer.
finding engine::too_late() {
    auto const known = session_->identity().state();
    if (known.id && base::system_clock().now() < known.expires) return {VSECM_UNREACHABLE, {}, "safe gave no answer in time"};
    return {VSECM_NO_IDENTITY, {}, known.problem.empty() ? "the SPIFFE Workload API gave no identity in time" : known.problem};
}

// --- watches --------------------------------------------------------------------------------------------------------

finding engine::begin(reader& who) {
    std::lock_guard const lock(guard_);
    who = {};
    if (over_) return ended();
    if (!following_) spawn(follow());
    following_ = true;
    ++num_readers_;
    return {VSECM_OK};
}

void engine::end(reader& who) {
    std::lock_guard const lock(guard_);
    if (std::exchange(who.ended, true)) return;
    told_.notify_all();
    if (--num_readers_ > 0 || over_) return;
    net::asio::post(loop_, [this] {
        if (is_read()) return;  // another came meanwhile
        pushes_->close();
        nobody_reads_.emit(net::asio::cancellation_type::terminal);
    });
}

finding engine::next(reader& who, std::optional<std::chrono::steady_clock::time_point> until) {
    std::unique_lock lock(guard_);
    auto const news = [&] { return who.ended || over_ || state_.number > who.seen_state || trouble_.number > who.seen_trouble; };
    if (until) told_.wait_until(lock, *until, news);
    else told_.wait(lock, news);
    if (who.ended) return {VSECM_CLOSED, {}, "the watch was closed"};
    if (over_ && !closed_ && who.knows_end) return {VSECM_CLOSED, {}, "the client's thread has failed: there will be no more"};
    if (over_) {
        who.knows_end = true;
        return ended();
    }
    if (state_.number > who.seen_state) {
        who.seen_state = state_.number;
        return state_.what;
    }
    if (trouble_.number <= who.seen_trouble) return unchanged();
    who.seen_trouble = trouble_.number;
    return trouble_.what;
}

bool engine::is_read() {
    std::lock_guard const lock(guard_);
    return num_readers_ > 0;
}

// What is asked of safe; errc::cancelled at `unwanted`.
net::awaitable<base::result<client::fetched>> engine::unless(net::asio::cancellation_signal& unwanted, net::awaitable<base::result<client::fetched>> asked) {
    auto work = net::boxed(std::move(asked));
    auto [failure, found] = co_await net::asio::co_spawn(loop_, std::move(work),
        net::asio::bind_cancellation_slot(unwanted.slot(), net::as_result));
    if (!failure) co_return *std::move(found);
    try {
        std::rethrow_exception(failure);
    } catch (boost::system::system_error const& thrown) {
        if (thrown.code() != net::asio::error::operation_aborted) throw;
    }
    co_return fail(errc::cancelled, "nobody wants it any more");
}

net::awaitable<void> engine::follow() {
    client::poll_options options;
    options.interval = settings_.poll_interval;
    options.max_interval = settings_.max_poll_interval;
    options.wait = std::chrono::ceil<std::chrono::seconds>(settings_.wait);
    options.on_unchanged = [this] {
        std::lock_guard const lock(guard_);
        trouble_ = {};  // it is over: not for those who come later, and news when it comes again
        return false;
    };
    client::poller poller(*pushes_, options);
    for (;;) {
        base::result<client::fetched> found = fail(errc::cancelled, "nobody reads");
        auto known = co_await identify();
        // Where safe has no news the poller would ask for ever, also when nobody reads any more.
        if (known && is_read()) found = co_await unless(nobody_reads_, poller.next());
        else if (!known) found = std::unexpected(std::move(known).error());
        std::lock_guard const lock(guard_);
        if (num_readers_ == 0 || over_) {
            state_ = trouble_ = {};  // it would be old news for the next reader
            following_ = false;
            co_return;
        }
        publish(std::move(found));
    }
}

void engine::publish(base::result<client::fetched>&& found) {
    if (!found && found.error().code == errc::cancelled) return;  // its last reader left, and another came
    auto what = finding_of(std::move(found));
    auto& slot = settles(what.status) ? state_ : trouble_;
    bool const same = &slot == &trouble_ && trouble_.number > 0 && trouble_.what.status == what.status && trouble_.what.message == what.message;
    if (&slot == &state_) trouble_ = {};
    if (!same) slot = {++num_published_, std::move(what)};
    told_.notify_all();
}

}  // namespace vsecm::sdk
