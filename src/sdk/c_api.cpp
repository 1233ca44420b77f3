// vsecm.h, function by function: arguments checked, exceptions stopped, findings turned into handles.
#include "base/env.hpp"
#include "sdk/engine.hpp"
#include "sdk/quiet_thread.hpp"
#include "sdk/settings.hpp"

#include <pthread.h>

#include <atomic>

using namespace vsecm;
using sdk::engine, sdk::finding;

struct vsecm_client {
    std::shared_ptr<engine> core;
};

struct vsecm_secret {
    std::shared_ptr<sdk::content const> content;
};

// In a namespace of its own: in a program that links the archive a type called watch_state may be anybody's.
namespace vsecm::sdk {

// The thread of a watch that calls back holds one too, because the watch may be freed inside the callback.
struct watch_state {
    std::shared_ptr<engine> core;
    reader place;
    std::atomic<bool> ended = false;
    std::atomic<bool> handed_over = false;  // the caller has its handle: nothing is called back before
};

}  // namespace vsecm::sdk

using sdk::watch_state;

struct vsecm_watch {
    std::shared_ptr<watch_state> state;
    std::thread caller;
};

namespace {

thread_local std::string message;

int say(int status, std::string sentence) {
    message = std::move(sentence);
    return status;
}

int hand_over(finding&& found, vsecm_secret** secret) {
    if (found.status == VSECM_OK) *secret = new vsecm_secret{std::move(found.secret)};
    return say(found.status, std::move(found.message));
}

int of_parent() { return say(VSECM_INVALID, "this was made before a fork(): the child needs a client of its own"); }

// Where a handle is to be put; nothing is there yet.
template <class Handle>
bool cleared(Handle** where) noexcept {
    if (where != nullptr) *where = nullptr;
    return where != nullptr;
}

// A thread that is cancelled is unwound from wherever it waits: past promises not to throw, which ends the program, and past
// questions that others share. While one of these lives it goes on, and it is cancelled later, in the program's own code.
class uncancelled {
public:
    uncancelled() noexcept { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
    ~uncancelled() { ::pthread_setcancelstate(before_, nullptr); }
    uncancelled(uncancelled const&) = delete;
    uncancelled& operator=(uncancelled const&) = delete;

private:
    int before_ = PTHREAD_CANCEL_ENABLE;
};

// Nothing is thrown across the border, whatever language is on its other side.
template <class Work>
int guarded(Work&& work) noexcept {
    uncancelled const meanwhile;
    try {
        return work();
    } catch (std::exception const&) {
        message.clear();  // short texts allocate nothing
        message += "no memory";
        return VSECM_INTERNAL;
    }
}

// Nor out of a thread of ours, whose program would end with it. The end of such a client needs no memory to be told.
finding next_or_end(watch_state& state, bool& is_last) noexcept {
    try {
        return state.core->next(state.place, std::nullopt);
    } catch (std::exception const&) {
        state.core->give_up();
        is_last = true;
        finding last;
        last.message += "no memory";
        return last;
    }
}

void call_back(std::shared_ptr<watch_state> const& state, vsecm_callback* callback, void* user) {
    state->handed_over.wait(false);
    for (bool is_last = false; !is_last && !state->ended;) {
        auto found = next_or_end(*state, is_last);
        if (found.status == VSECM_CLOSED || state->ended) return;
        engine::in_callback const inside(*state->core);
        if (!inside) return;
        vsecm_secret const secret{std::move(found.secret)};
        callback(user, found.status, secret.content ? &secret : nullptr, found.message.c_str());
    }
}

int open_watch(vsecm_client* client, vsecm_watch** watch, vsecm_callback* callback, void* user) {
    if (client == nullptr) return say(VSECM_INVALID, "a client is needed");
    if (!client->core->is_ours()) return of_parent();
    auto made = std::make_unique<vsecm_watch>(vsecm_watch{std::make_shared<watch_state>(), {}});
    made->state->core = client->core;
    auto const& core = made->state->core;
    if (auto begun = core->begin(made->state->place); begun.status != VSECM_OK) return say(begun.status, std::move(begun.message));
    try {
        if (callback != nullptr) made->caller = sdk::quiet_thread([state = made->state, callback, user] { call_back(state, callback, user); });
    } catch (...) {
        core->end(made->state->place);
        throw;
    }
    auto const state = made->state;
    *watch = made.release();
    state->handed_over = true;
    state->handed_over.notify_one();
    return say(VSECM_OK, {});
}

}  // namespace

extern "C" {

int vsecm_abi(void) { return VSECM_ABI; }
char const* vsecm_version(void) { return VSECM_VERSION; }

char const* vsecm_status_name(int status) {
    constexpr char const* names[] = {"ok", "invalid", "refused", "sealed", "no-identity", "unreachable", "absent",
                                     "deleted", "not-yet", "expired", "unchanged", "closed", "internal"};
    return status >= 0 && static_cast<std::size_t>(status) < std::size(names) ? names[status] : "unknown";
}

char const* vsecm_message(void) { return message.c_str(); }

int vsecm_open(char const* const* settings, vsecm_client** client) {
    return guarded([&] {
        if (!cleared(client)) return say(VSECM_INVALID, "where to put the client is needed");
        std::vector<std::string_view> given;
        for (; settings != nullptr && *settings != nullptr; ++settings) given.emplace_back(*settings);
        auto loaded = sdk::load_settings(base::environment::of_process(), given);
        if (!loaded) return say(VSECM_INVALID, std::move(loaded).error().what);
        auto core = engine::make(*loaded);
        if (!core) return say(core.error().code == base::errc::internal ? VSECM_INTERNAL : VSECM_INVALID, std::move(core).error().what);
        *client = new vsecm_client{*std::move(core)};
        return say(VSECM_OK, {});
    });
}

void vsecm_close(vsecm_client* client) {
    if (client == nullptr || !client->core->is_ours()) return;  // in a child of fork() it would end what the parent uses
    uncancelled const meanwhile;
    client->core->close();
    delete client;
}

int vsecm_fetch(vsecm_client* client, int timeout_ms, vsecm_secret** secret) {
    return guarded([&] {
        if (!cleared(secret) || client == nullptr) return say(VSECM_INVALID, "a client, and where to put the secret, are needed");
        if (timeout_ms < 1) return say(VSECM_INVALID, "the time to wait is at least a millisecond");
        if (!client->core->is_ours()) return of_parent();
        auto const core = client->core;  // a close meanwhile frees the client
        return hand_over(core->fetch(std::chrono::milliseconds{timeout_ms}), secret);
    });
}

char const* vsecm_secret_data(vsecm_secret const* secret) { return secret->content->data.view().data(); }
size_t vsecm_secret_size(vsecm_secret const* secret) { return secret->content->data.size() - 1; }
long long vsecm_secret_created(vsecm_secret const* secret) { return secret->content->created; }
long long vsecm_secret_updated(vsecm_secret const* secret) { return secret->content->updated; }
void vsecm_secret_free(vsecm_secret* secret) { delete secret; }

int vsecm_watch_open(vsecm_client* client, vsecm_watch** watch) {
    return guarded([&] {
        if (!cleared(watch)) return say(VSECM_INVALID, "where to put the watch is needed");
        return open_watch(client, watch, nullptr, nullptr);
    });
}

int vsecm_watch_call(vsecm_client* client, vsecm_callback* callback, void* user, vsecm_watch** watch) {
    return guarded([&] {
        if (!cleared(watch)) return say(VSECM_INVALID, "where to put the watch is needed");
        if (callback == nullptr) return say(VSECM_INVALID, "there is no function to call");
        return open_watch(client, watch, callback, user);
    });
}

int vsecm_watch_next(vsecm_watch* watch, int timeout_ms, vsecm_secret** secret) {
    return guarded([&] {
        if (!cleared(secret) || watch == nullptr) return say(VSECM_INVALID, "a watch, and where to put the secret, are needed");
        if (timeout_ms < -1) return say(VSECM_INVALID, "the time to wait is 0, -1 for ever, or milliseconds");
        if (watch->caller.joinable()) return say(VSECM_INVALID, "this watch calls back: it is not to be asked");
        if (!watch->state->core->is_ours()) return of_parent();
        std::optional<std::chrono::steady_clock::time_point> until;
        if (timeout_ms >= 0) until = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
        return hand_over(watch->state->core->next(watch->state->place, until), secret);
    });
}

void vsecm_watch_free(vsecm_watch* watch) {
    if (watch == nullptr || !watch->state->core->is_ours()) return;
    uncancelled const meanwhile;
    watch->state->ended = true;
    static_cast<void>(guarded([&] { return watch->state->core->end(watch->state->place), VSECM_OK; }));  // ended in any case
    if (watch->caller.joinable()) {
        if (watch->caller.get_id() == std::this_thread::get_id()) watch->caller.detach();
        else watch->caller.join();
    }
    delete watch;
}

}  // extern "C"
