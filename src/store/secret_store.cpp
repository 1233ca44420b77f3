#include "store/secret_store.hpp"

#include "api/secret.hpp"
#include "base/check.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "store/asking.hpp"
#include "store/commit_queue.hpp"
#include "store/due_list.hpp"
#include "store/plan.hpp"
#include "store/record_reader.hpp"
#include "store/watch_table.hpp"

#include <malloc.h>

#include <algorithm>
#include <new>

namespace vsecm::store {

using base::errc;
using base::fail;
namespace log = base::log;

namespace {

base::status check_changes(std::vector<change> const& changes) {
    for (std::size_t i = 0; i < changes.size(); ++i) {
        auto const& c = changes[i];
        VSECM_TRY_OK(check_storable_name(c.name));
        if (carries_value(c.kind) && c.value.empty()) return fail(errc::invalid, "the value is empty");
        VSECM_CHECK(!c.delivered || c.kind == change_kind::put || (c.kind == change_kind::append && c.expected_version));
        for (std::size_t j = 0; j < i; ++j)
            if (changes[j].name == c.name) return fail(errc::invalid, "one request names the same secret twice");
    }
    return {};
}

}  // namespace

struct secret_store::impl final : commit_worker {
    impl(std::unique_ptr<backend> b, std::shared_ptr<crypto::value_cipher const> c, store_options o, base::clock const& k)
        : behind(std::move(b)), cipher(std::move(c)), options(std::move(o)), clock(k), maker(*cipher->key()),
          reader(*cipher, maker), earlier(*behind, reader, maker), plans(map, maker, earlier, options, clock), renewal(*behind, reader),
          queue(options, *this) {}

    base::status load();
    base::result<request_plan> plan_of(commit_request& request);
    void run_batch(std::vector<commit_request>& batch) override;
    std::chrono::nanoseconds run_due() override;
    void finish() override {
        (void)tend(true);  // a failure is in the log, and the next start does what is left
        renewal.stop();
    }
    std::chrono::nanoseconds tend(bool all);
    bool settle();
    void publish(std::span<request_plan> done);
    void note_failure(std::string what);
    void forget_oldest();
    base::result<version_list> versions_of(std::string const& name);
    template <class Done, class Task>
    void on_writer(Done done, Task task);
    void list_versions(std::string name, std::move_only_function<void(base::result<version_list>)> done);
    void change_key(std::function<void()> change, std::move_only_function<void(base::status)> done);
    void renew(renewal_done done);

    std::unique_ptr<backend> behind;
    std::shared_ptr<crypto::value_cipher const> cipher;
    store_options options;
    base::clock const& clock;
    snapshot_maker maker;
    secret_map map;
    watch_board board;
    load_summary summary;

    // The writer's own.
    record_reader reader;
    version_reader earlier;
    planner plans;
    key_renewal renewal;
    due_list dates;
    std::vector<std::string> unsettled;
    write_meter meter;
    std::size_t forget_at = options.max_tombstones;  // tombstones beyond which the oldest go

    mutable std::mutex health_mutex;
    std::string last_error;  // of a write
    std::optional<base::system_time> last_write;
    std::string tend_error;  // of what could wait, and waits still
    bool is_unsettled = false;

    commit_queue queue;  // last: its thread uses all of the above
};

base::status secret_store::impl::load() {
    auto const start = std::chrono::steady_clock::now();
    VSECM_TRY(loaded, behind->load(reader));
    auto const now = clock.now();
    std::vector<secret_ptr> all;
    all.reserve(loaded.secrets.size());
    for (auto& s : loaded.secrets) {
        dates.add(*s, now);
        all.push_back(std::move(s));
    }
    map.reserve(all.size());
    map.publish(all);
    auto const counts = map.count();
    summary = {counts.present, counts.deleted, counts.damaged, {}, std::move(loaded.warnings)};
    if (auto const key = cipher->key(); !key->older_ids().empty()) renewal.begin(key->id(), nullptr);  // a rotation may have been cut short
    all.clear();
    if (counts.present > 100) ::malloc_trim(0);  // thousands of freed plaintexts and ciphertexts
    summary.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    return {};
}

// So far nothing is written and nobody knows: a write for which there is no memory (guarded memory is scarce, too) fails,
// and the others go on. From the first byte on the disk it is otherwise: see commit_queue::start().
base::result<request_plan> secret_store::impl::plan_of(commit_request& request) try {
    return plans.plan(request.changes, cipher);
} catch (std::bad_alloc const&) {
    return fail(errc::limited, "there is no memory for this write");
}

void secret_store::impl::run_batch(std::vector<commit_request>& batch) {
    if (!settle()) {
        meter.refuse(batch.size());
        for (auto& request : batch) request.done(fail(errc::storage, "an earlier failed write is not repaired yet: {}", last_error));
        return;
    }
    std::vector<request_plan> plans_made;
    std::vector<commit_request*> asking;
    plans_made.reserve(batch.size());
    for (auto& request : batch) {
        auto plan = plan_of(request);
        if (!plan) {
            request.done(std::unexpected(std::move(plan).error()));
            continue;
        }
        plans_made.push_back(*std::move(plan));
        asking.push_back(&request);
    }
    std::vector<write_group> groups;
    groups.reserve(plans_made.size());
    for (auto& plan : plans_made) groups.push_back(std::move(plan.group));
    meter.apply(*behind, groups, false);

    std::vector<request_plan> good;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (groups[i].outcome) {
            good.push_back(std::move(plans_made[i]));
            continue;
        }
        note_failure(groups[i].outcome.error().what);
        if (!groups[i].uncertain) continue;
        for (auto const& w : groups[i].writes) {
            plans.burn(w.name, w.version);
            unsettled.push_back(w.name);
        }
    }
    publish(good);
    if (!good.empty()) {
        std::lock_guard held(health_mutex);
        last_write = clock.now();
        if (good.size() == groups.size()) last_error.clear();
    }
    // Answered only now: durable, visible to every reader, and watchers on their way.
    std::size_t next_good = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (groups[i].outcome)
            asking[i]->done(std::move(good[next_good++].answer));
        else
            asking[i]->done(std::unexpected(std::move(groups[i].outcome).error()));
    }
    settle();
}

// A write that failed half-way may be on the disk or not. Before anything else is written, the disk is made to say what
// memory says, under later versions.
bool secret_store::impl::settle() {
    if (unsettled.empty()) return true;
    auto plan = plans.plan_settling(unsettled, cipher);
    if (!plan) {
        note_failure(plan.error().what);
        return false;
    }
    for (auto const& s : plan->snapshots) plans.burn(s->name, s->version);
    meter.apply(*behind, {&plan->group, 1}, true);
    bool const settled = plan->group.outcome.has_value();
    if (settled) {
        unsettled.clear();
        publish({&*plan, 1});
    } else {
        note_failure(plan->group.outcome.error().what);
    }
    std::lock_guard held(health_mutex);
    is_unsettled = !settled;
    return settled;
}

void secret_store::impl::publish(std::span<request_plan> done) {
    auto const now = clock.now();
    std::vector<secret_ptr> all;
    std::vector<std::string> names;
    for (auto& plan : done) {
        for (auto& s : plan.snapshots) {
            dates.add(*s, now);
            auto const before = map.find(s->name);
            if (!before || before->version != s->version) names.push_back(s->name);  // of an amended one there is no news
            all.push_back(std::move(s));
        }
    }
    if (all.empty()) return;
    map.publish(all);
    board.announce(std::move(names));
}

std::chrono::nanoseconds secret_store::impl::run_due() {
    auto const now = clock.now();
    board.announce(dates.take_due(now));
    auto rest = tend(false);
    forget_oldest();
    if (unsettled.empty()) rest = std::min(rest, renewal.run());
    if (queue.current_load().num_waiting == 0) cipher->prepare();
    return std::min(dates.until_next(now), rest);
}

base::result<version_list> secret_store::impl::versions_of(std::string const& name) try {
    return earlier.list(name, map.find(name));
} catch (std::bad_alloc const&) {
    return fail(errc::limited, "there is no memory for reading the versions");
}

// On the writer: it alone knows what is kept, and reading waits for the disk. `done` hears of a refusal too.
template <class Done, class Task>
void secret_store::impl::on_writer(Done done, Task task) {
    auto const answer = std::make_shared<Done>(std::move(done));
    std::move_only_function<void()> work = [answer, task = std::move(task)]() mutable { task(*answer); };
    if (auto taken = queue.run_between(std::move(work)); !taken) (*answer)(std::unexpected(std::move(taken).error()));
}

void secret_store::impl::list_versions(std::string name, std::move_only_function<void(base::result<version_list>)> done) {
    on_writer(std::move(done), [this, name = std::move(name)](auto& answer) { answer(versions_of(name)); });
}

void secret_store::impl::change_key(std::function<void()> change, std::move_only_function<void(base::status)> done) {
    on_writer(std::move(done), [this, change = std::move(change)](auto& answer) {
        change();
        renewal.begin(cipher->key()->id(), nullptr);
        answer({});
    });
}

void secret_store::impl::renew(renewal_done done) {
    on_writer(std::move(done), [this](auto& answer) { renewal.begin(cipher->key()->id(), std::move(answer)); });
}

// A name that was deleted long ago, among many since, becomes one that never was; not while what was made of it still stands
// somewhere, for nothing else says so after a restart.
void secret_store::impl::forget_oldest() {
    if (!unsettled.empty() || map.num_tombstones() <= forget_at) return;
    auto const num_oldest = options.max_tombstones / 10 + 1;
    using whose = secret_map::whose;
    auto names = map.oldest_tombstones(num_oldest, options.mirrored_prefix.empty() ? whose::all : whose::of_none_leaving);
    auto const later = map.num_tombstones() + num_oldest - 1;  // not again before that many more
    forget_at = names.size() < num_oldest ? std::max(options.max_tombstones, later) : options.max_tombstones;
    if (names.empty()) return;
    if (auto gone = behind->forget(names); !gone) {
        log::warn("tombstones_not_dropped", {{"reason", gone.error().what}});
        forget_at = later;
        return;
    }
    map.forget(names);
    log::info("tombstones_dropped", {{"names", names.size()}, {"limit", options.max_tombstones}});
    board.announce(std::move(names));
}

std::chrono::nanoseconds secret_store::impl::tend(bool all) {
    auto const rest = behind->tend(all);
    std::lock_guard held(health_mutex);
    auto what = rest ? std::string() : rest.error().what;
    if (!rest && what != tend_error) log::error("store_tend_failed", {{"backend", behind->describe()}, {"reason", what}});
    tend_error = std::move(what);
    return rest ? *rest : std::chrono::seconds(1);
}

void secret_store::impl::note_failure(std::string what) {
    log::error("store_write_failed", {{"backend", behind->describe()}, {"reason", what}});
    std::lock_guard held(health_mutex);
    last_error = std::move(what);
}

base::result<std::unique_ptr<secret_store>> secret_store::open(std::unique_ptr<backend> behind,
                                                               std::shared_ptr<crypto::value_cipher const> cipher,
                                                               store_options options, base::clock const& clock) {
    auto made = std::make_unique<impl>(std::move(behind), std::move(cipher), std::move(options), clock);
    VSECM_TRY_OK(made->load());
    made->queue.start();
    return std::unique_ptr<secret_store>(new secret_store(std::move(made)));
}

secret_store::secret_store(std::unique_ptr<impl> i) noexcept : impl_(std::move(i)) {}
secret_store::~secret_store() { stop(); }

secret_ptr secret_store::find(std::string_view name) const { return impl_->map.find(name); }
std::vector<secret_ptr> secret_store::list() const { return impl_->map.list(); }
std::vector<std::string> secret_store::names_with_prefix(std::string_view prefix) const { return impl_->map.names_with_prefix(prefix); }
std::size_t secret_store::num_present() const noexcept { return impl_->map.count().present; }

base::result<base::secret_text> secret_store::delivered_text(stored_secret const& secret) const {
    return impl_->maker.open_delivered(secret);
}
base::result<base::secret_text> secret_store::value_text(stored_secret const& secret) const {
    return impl_->maker.open_joined(secret);
}
base::result<std::vector<base::secret_text>> secret_store::values(stored_secret const& secret) const {
    return impl_->maker.open_values(secret);
}

std::string secret_store::etag(std::string_view name, secret_ptr const& secret, visibility seen) const {
    // Nothing there has a tag too; of a version that no secret has.
    auto const tag = secret && seen != visibility::absent ? secret->fingerprint : impl_->maker.fingerprint(name, 0, {});
    return std::format("\"{}-{}\"", base::hex_encode(tag), name_of(seen).front());
}

net::awaitable<base::result<commit_outcome>> secret_store::commit(std::vector<change> changes) {
    asked<commit_outcome> ask = [this, wanted = std::move(changes)](auto done) mutable { submit(std::move(wanted), std::move(done)); };
    co_return co_await resumed_here(std::move(ask));
}

net::awaitable<base::result<version_list>> secret_store::versions(std::string name) {
    asked<version_list> ask = [this, wanted = std::move(name)](auto done) mutable { impl_->list_versions(std::move(wanted), std::move(done)); };
    co_return co_await resumed_here(std::move(ask));
}

base::result<version_list> secret_store::versions_and_wait(std::string name) {
    return waited_for<version_list>([&](auto done) { impl_->list_versions(std::move(name), std::move(done)); });
}

net::awaitable<base::status> secret_store::change_key(std::function<void()> change) {
    asked<void> ask = [this, change = std::move(change)](auto done) mutable { impl_->change_key(std::move(change), std::move(done)); };
    co_return co_await resumed_here(std::move(ask));
}

base::status secret_store::change_key_and_wait(std::function<void()> change) {
    return waited_for<void>([&](auto done) { impl_->change_key(std::move(change), std::move(done)); });
}

net::awaitable<base::result<renewal_state>> secret_store::renew() {
    asked<renewal_state> ask = [this](auto done) { impl_->renew(std::move(done)); };
    co_return co_await resumed_here(std::move(ask));
}

base::result<renewal_state> secret_store::renew_and_wait() {
    return waited_for<renewal_state>([&](auto done) { impl_->renew(std::move(done)); });
}

renewal_state secret_store::renewing() const { return impl_->renewal.state(); }

void secret_store::submit(std::vector<change> changes, completion done) {
    if (auto good = check_changes(changes); !good) return done(std::unexpected(std::move(good).error()));
    if (changes.empty()) return done(commit_outcome{});
    commit_request request{std::move(changes), std::move(done)};
    if (auto taken = impl_->queue.submit(request); !taken) request.done(std::unexpected(std::move(taken).error()));
}

base::result<commit_outcome> secret_store::commit_and_wait(std::vector<change> changes) {
    return waited_for<commit_outcome>([&](auto done) { submit(std::move(changes), std::move(done)); });
}

void secret_store::stop() { impl_->queue.stop(); }

store_health secret_store::health() const {
    auto const counts = impl_->map.count();
    auto const load = impl_->queue.current_load();
    std::lock_guard held(impl_->health_mutex);
    return {counts.present, counts.damaged, load.num_waiting, load.oldest, impl_->last_write, impl_->behind->describe(), impl_->is_unsettled,
            impl_->last_error.empty() ? impl_->tend_error : impl_->last_error};
}

write_counts secret_store::written() const noexcept { return impl_->meter.read(); }
load_summary const& secret_store::loaded() const noexcept { return impl_->summary; }
bool secret_store::adopted() const noexcept { return impl_->behind->adopted(); }
base::clock const& secret_store::clock() const noexcept { return impl_->clock; }
void secret_store::look_at_dates() { impl_->queue.look_at_dates(); }
watch_board& secret_store::board() noexcept { return impl_->board; }

base::status check_storable_name(std::string_view name) {
    if (name.empty()) return fail(errc::invalid, "a secret's name must not be empty");
    if (name.find('\0') != std::string_view::npos) return fail(errc::invalid, "a secret's name must not contain a NUL byte");
    if (auto const len = api::encoded_name_len(name); len > api::max_encoded_name_len)
        return fail(errc::invalid, "the secret's name takes {} bytes in the store, the limit is {}", len, api::max_encoded_name_len);
    return {};
}

}  // namespace vsecm::store
