#include "store/kube_mirror.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "delivery/transform.hpp"
#include "kube/secret_keeper.hpp"
#include "net/deadline.hpp"
#include "net/own_thread.hpp"
#include "store/kube_data.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace vsecm::store {
namespace {

using net::steady_clock;

// A lane without work for so long gives its connection back.
constexpr std::chrono::seconds keeps_connection{5};

// Nothing to be done about it by trying again soon: somebody has to change the secret, or what is there.
bool needs_somebody(kube::refusal why) {
    return why == kube::refusal::foreign || why == kube::refusal::invalid || why == kube::refusal::too_large;
}

std::unexpected<kube::api_failure> kept_off(kube::secret_ref const& which) {
    return std::unexpected(kube::api_failure{kube::refusal::foreign, which.text() + " is where the root key is kept: no secret may become it", std::nullopt});
}

base::secret_text run_template(std::vector<base::secret_text> const& values, std::string_view text, gotmpl::render_options const& options) {
    std::vector<std::string_view> views;
    for (auto const& value : values) views.push_back(value.view());
    auto const how = delivery::recipe_for(api::name_kind::kubernetes, text, api::format::json);
    return delivery::transform(views, how, options).text;
}

}  // namespace

struct kube_mirror::impl : std::enable_shared_from_this<impl> {
    // When a Secret is looked at next.
    struct errand {
        steady_clock::time_point due;
        std::uint64_t asked = 0;  // grows with each change: one that comes during a look is not lost
        net::backoff pauses;
    };
    struct lane {
        lane(std::string s, kube::secrets_api a) : space(std::move(s)), api(std::move(a)) {}

        std::string space;
        kube::secrets_api api;
        std::map<std::string, errand> errands;  // by the whole name
        net::wake_signal bell;
    };

    // What should be in a namespace of a name.
    enum class wish : std::uint8_t {
        carried,   // the value
        withheld,  // no value, because of its dates: whoever reads the Secret gets no more than a workload would
        gone,      // nothing
    };

    struct turn {
        net::wake_signal bell;
        bool is_given = false;
    };

    impl(secret_store& s, watch_hub& h, std::shared_ptr<kube::service_account> a, net::executor e, spawn_fn f, mirror_options o)
        : secrets(s), hub(h), account(std::move(a)), loop(std::move(e)), spawn(std::move(f)), options(std::move(o)), states(s.clock()) {}

    void note(std::string const& name);
    void ask(std::string const& name, std::string const& space);
    net::awaitable<void> run(std::shared_ptr<lane> l);
    net::awaitable<bool> enter();
    void leave();
    net::awaitable<void> attempt(lane& l, std::string name);
    net::awaitable<void> look(lane& l, std::string name);
    net::awaitable<base::result<kube::secret_data>> read(stored_secret const& secret);
    net::awaitable<kube::api_result<kube::kept>> make_so(lane& l, kube::secret_ref const& which, stored_secret const& secret);
    net::awaitable<kube::api_result<kube::kept>> withdraw(lane& l, kube::secret_ref const& which, wish what);
    wish wish_for(secret_ptr const& secret, std::string const& space) const;
    void note_success(lane& l, errand& e, stored_secret const& secret, wish what, kube::kept done);
    void note_failure(lane& l, errand& e, std::string const& name, kube::api_failure const& why);
    void forget(lane& l, secret_ptr const& secret, std::string const& name, kube::kept done);

    secret_store& secrets;
    watch_hub& hub;
    std::shared_ptr<kube::service_account> account;
    net::executor loop;
    spawn_fn spawn;
    mirror_options options;
    mirror_table states;
    std::map<std::string, std::shared_ptr<lane>> lanes;  // by namespace
    std::size_t num_at_work = 0;
    std::deque<turn*> waiting;  // lanes, for their turn
    bool stopping = false;
};

// A name of ours was written or removed, or is there at the start.
void kube_mirror::impl::note(std::string const& name) {
    if (stopping || !name.starts_with(options.prefix)) return;
    auto const secret = secrets.find(name);
    std::set<std::string> spaces;
    if (secret) {
        if (secret->state == secret_state::present) spaces.insert(secret->meta->namespaces.begin(), secret->meta->namespaces.end());
        if (options.delete_secrets) spaces.insert(secret->meta->leaving.begin(), secret->meta->leaving.end());
    }
    for (auto const& [space, l] : lanes)
        if (l->errands.contains(name)) spaces.insert(space);
    for (auto const& space : spaces) ask(name, space);
}

void kube_mirror::impl::ask(std::string const& name, std::string const& space) {
    auto& l = lanes[space];
    bool const is_new = !l;
    if (is_new) {
        kube::secrets_api api(loop, account, {options.request_timeout});
        l = std::make_shared<lane>(space, std::move(api));
    }
    auto& e = l->errands.try_emplace(name, errand{{}, 0, net::backoff(options.retry)}).first->second;
    e.due = steady_clock::now();
    e.pauses.reset();
    ++e.asked;
    states.set(name, space, mirror_state::waiting);
    l->bell.notify();
    if (is_new) spawn(run(l));
}

net::awaitable<void> kube_mirror::impl::run(std::shared_ptr<lane> l) {
    auto const self = shared_from_this();
    while (!stopping && !l->errands.empty()) {
        auto const next = std::ranges::min_element(l->errands, {}, [](auto const& e) { return e.second.due; });
        if (auto const rest = next->second.due - steady_clock::now(); rest > steady_clock::duration::zero()) {
            if (rest > keeps_connection) l->api.close();
            co_await net::wait_for(l->bell, next->second.due);
            continue;
        }
        auto const name = next->first;
        if (!co_await enter()) break;
        co_await attempt(*l, name);
        leave();
    }
    lanes.erase(l->space);
}

// False: no turn comes any more, the mirror is stopping. There is a free one only where nobody waits.
net::awaitable<bool> kube_mirror::impl::enter() {
    if (stopping) co_return false;
    if (num_at_work < options.most_at_once) {
        ++num_at_work;
        co_return true;
    }
    turn mine;
    waiting.push_back(&mine);
    co_await net::wait_for(mine.bell, steady_clock::time_point::max());
    co_return mine.is_given && !stopping;
}

// Its turn goes to who has waited longest: a lane with much to do would take it again at once, and the others never had one.
void kube_mirror::impl::leave() {
    if (waiting.empty()) {
        --num_at_work;
        return;
    }
    auto* const next = waiting.front();
    waiting.pop_front();
    next->is_given = true;
    next->bell.notify();
}

kube_mirror::impl::wish kube_mirror::impl::wish_for(secret_ptr const& secret, std::string const& space) const {
    switch (auto const seen = visible(secret, secrets.clock().now())) {
        case visibility::absent:
        case visibility::deleted: return wish::gone;
        case visibility::damaged: return wish::carried;  // and told as failing
        default:
            if (!std::ranges::contains(secret->meta->namespaces, space)) return wish::gone;
            return seen == visibility::present || !options.enforce_dates ? wish::carried : wish::withheld;
    }
}

// A look throws where there is no memory or no thread for it. That is this one Secret's failure; thrown further, it would end
// the server.
net::awaitable<void> kube_mirror::impl::attempt(lane& l, std::string name) {
    bool ended = false;
    try {
        co_await look(l, name);
        ended = true;
    } catch (std::exception const&) {
        // Told below; what it says may be of what it worked on.
    }
    if (ended || stopping) co_return;
    note_failure(l, l.errands.at(name), name, {kube::refusal::broken, "safe has no memory, or no thread, for it now", std::nullopt});
}

net::awaitable<void> kube_mirror::impl::look(lane& l, std::string name) {
    auto const asked = l.errands.at(name).asked;
    auto const secret = secrets.find(name);
    auto const what = wish_for(secret, l.space);
    kube::secret_ref const which{l.space, name.substr(options.prefix.size())};
    kube::api_result<kube::kept> done = kube::kept::as_it_was;
    if (which == options.untouchable) {
        if (what == wish::carried) done = kept_off(which);
    } else if (what == wish::carried) {
        done = co_await make_so(l, which, *secret);
    } else {
        done = co_await withdraw(l, which, what);
    }
    if (stopping) co_return;
    auto& e = l.errands.at(name);
    if (!done)
        note_failure(l, e, name, done.error());
    else if (what != wish::gone)
        note_success(l, e, *secret, what, *done);
    else if (e.asked == asked)
        co_return forget(l, secret, name, *done);
    if (e.asked != asked) e.due = steady_clock::now();  // it was changed meanwhile
}

// Rendered anew each time: what the original stored as delivered was made by other rules, and is wrong where a value has commas.
net::awaitable<base::result<kube::secret_data>> kube_mirror::impl::read(stored_secret const& secret) {
    VSECM_CO_TRY(value, secrets.value_text(secret));
    auto made = value.clone();
    if (!secret.meta->template_text.empty()) {
        VSECM_CO_TRY(values, secrets.values(secret));
        auto render = [&] { return run_template(values, secret.meta->template_text, options.templates); };
        made = co_await net::on_own_thread(loop, std::move(render));
    }
    co_return kubernetes_data(std::move(made), std::move(value));
}

net::awaitable<kube::api_result<kube::kept>> kube_mirror::impl::make_so(lane& l, kube::secret_ref const& which, stored_secret const& secret) {
    auto data = co_await read(secret);
    if (!data) co_return std::unexpected(kube::api_failure{kube::refusal::invalid, std::move(data).error().what, std::nullopt});
    kube::secret_keeper keeper(l.api);
    co_return co_await keeper.put(which, *data);
}

// Where Secrets stay, one whose value is withheld stays too, without it.
net::awaitable<kube::api_result<kube::kept>> kube_mirror::impl::withdraw(lane& l, kube::secret_ref const& which, wish what) {
    kube::secret_keeper keeper(l.api);
    auto const how = what == wish::withheld ? kube::parting::for_now : kube::parting::for_good;
    if (options.delete_secrets) co_return co_await keeper.remove(which, how);
    if (what == wish::withheld) co_return co_await keeper.empty(which);
    co_return kube::kept::as_it_was;
}

void kube_mirror::impl::note_success(lane& l, errand& e, stored_secret const& secret, wish what, kube::kept done) {
    e.pauses.reset();
    e.due = steady_clock::now() + options.sync_interval;
    auto const* const written = done == kube::kept::as_it_was ? "no" : "yes";
    auto const* const event = what == wish::carried ? "kubernetes_secret_synced" : "kubernetes_secret_withheld";
    bool const is_news = states.set(secret.name, l.space, mirror_state::synced, secret.version);
    if (is_news || done != kube::kept::as_it_was)
        base::log::info(event, {{"name", secret.name}, {"namespace", l.space}, {"version", secret.version}, {"written", written}});
}

void kube_mirror::impl::forget(lane& l, secret_ptr const& secret, std::string const& name, kube::kept done) {
    if (done == kube::kept::removed) base::log::info("kubernetes_secret_removed", {{"name", name}, {"namespace", l.space}});
    states.erase(name, l.space);
    l.errands.erase(name);
    if (!options.delete_secrets || !secret || !std::ranges::contains(secret->meta->leaving, l.space)) return;
    change departed;
    departed.kind = change_kind::depart;
    departed.name = name;
    departed.meta.namespaces = {l.space};
    departed.expected_version = secret->version;
    // If it cannot be noted now, the namespace is looked at once more after a restart.
    std::vector<change> noted;
    noted.push_back(std::move(departed));
    secrets.submit(std::move(noted), [](auto const&) {});
}

void kube_mirror::impl::note_failure(lane& l, errand& e, std::string const& name, kube::api_failure const& why) {
    steady_clock::duration pause = std::min(options.sync_interval, options.retry.cap);
    if (!needs_somebody(why.why)) {
        auto const own = net::longest_pause(options.retry, 0) / 2 + e.pauses.next().value_or(options.retry.cap);
        pause = std::max<steady_clock::duration>(own, why.retry_after.value_or(std::chrono::seconds(0)));
    }
    e.due = steady_clock::now() + pause;
    if (states.set(name, l.space, mirror_state::failing, 0, why.what))
        base::log::warn("kubernetes_secret_failing", {{"name", name}, {"namespace", l.space}, {"reason", why.what}});
}

kube_mirror::kube_mirror(secret_store& secrets, watch_hub& hub, std::shared_ptr<kube::service_account> account, net::executor loop, spawn_fn spawn,
                         mirror_options options)
    : impl_(std::make_shared<impl>(secrets, hub, std::move(account), std::move(loop), std::move(spawn), std::move(options))) {}

kube_mirror::~kube_mirror() = default;

void kube_mirror::start() {
    impl_->hub.on_every_change([weak = std::weak_ptr(impl_)](std::string const& name) {
        if (auto const there = weak.lock()) there->note(name);
    });
    for (auto const& name : impl_->secrets.names_with_prefix(impl_->options.prefix)) impl_->note(name);
}

void kube_mirror::stop() {
    impl_->stopping = true;
    for (auto const& [space, l] : impl_->lanes) {
        l->api.close();
        l->bell.notify();
    }
    // Each of them ends with its lane, soon: nobody may find it here after that.
    for (auto* turn : std::exchange(impl_->waiting, {})) turn->bell.notify();
}

mirror_table const& kube_mirror::table() const noexcept { return impl_->states; }
net::endpoint const& kube_mirror::server() const noexcept { return impl_->account->server(); }

}  // namespace vsecm::store
