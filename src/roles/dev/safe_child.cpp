#include "roles/dev/safe_child.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "net/address.hpp"

#include <signal.h>

#include <algorithm>

namespace vsecm::roles::dev {
namespace {

using base::errc, base::fail;

constexpr std::chrono::milliseconds start_limit{15'000};
constexpr std::chrono::milliseconds look_every{5};
constexpr int most_tries = 3;  // of one start
constexpr std::chrono::milliseconds fastest_retry{100};
constexpr std::chrono::milliseconds slowest_restart{5'000};

// The wanted port of loopback if it is free, else another. It is free again when this returns; who takes it in between
// makes safe's start fail, and the next start chooses anew.
base::result<std::uint16_t> free_port(std::uint16_t wanted) {
    auto listener = net::listen_tcp({"127.0.0.1", wanted});
    if (!listener && wanted != 0) listener = net::listen_tcp({"127.0.0.1", 0});
    if (!listener) return pass(std::move(listener), "choosing a port");
    return net::bound_port(listener->get());
}

}  // namespace

safe_child::safe_child(net::executor loop, layout const& where, std::vector<std::string> inherited)
    : loop_(std::move(loop)), where_(where), inherited_(std::move(inherited)) {}

base::status safe_child::choose_ports(ports const& wanted) {
    VSECM_TRY(api, free_port(wanted.api));
    VSECM_TRY(live, free_port(wanted.live));
    VSECM_TRY(ready, free_port(wanted.ready));
    ports_ = {api, live, ready};
    return {};
}

base::result<base::child_process> safe_child::launch() const {
    base::child_options options;
    options.argv = {"vsecm", "safe"};
    options.environment = where_.environment_of({"vsecm-safe", std::string(system_space)}, ports_);
    for (auto const& pair : {
             "VSECM_SAFE_DATA_PATH=" + where_.path("data"),
             "VSECM_ROOT_KEY_PATH=" + where_.path("root-key"),
             std::string("VSECM_SAFE_ROOT_KEY_STORE=file"),
             "VSECM_SAFE_AUDIT_PATH=" + where_.path("log/audit"),
             "VSECM_SAFE_PORTS_FILE=" + where_.path("safe.ports"),
             std::format("VSECM_SAFE_TLS_PORT=127.0.0.1:{}", ports_.api),
             std::format("VSECM_PROBE_LIVENESS_PORT=127.0.0.1:{}", ports_.live),
             std::format("VSECM_PROBE_READINESS_PORT=127.0.0.1:{}", ports_.ready),
         })
        options.environment.push_back(pair);
    // Ours come first, and the first of a name counts: the folder decides, the user adds.
    options.environment.insert(options.environment.end(), inherited_.begin(), inherited_.end());
    return base::child_process::start(base::own_executable(), options);
}

base::status safe_child::relaunch() {
    VSECM_TRY(child, launch());
    child_ = std::move(child);
    return where_.write_pid("safe.pid", child_.pid());
}

net::awaitable<void> safe_child::pause(std::chrono::milliseconds how_long) {
    net::timer timer(loop_, how_long);
    co_await timer.async_wait(net::as_result);
}

net::awaitable<base::status> safe_child::start() {
    auto const wanted = ports_.api != 0 ? ports_ : where_.last_ports();
    VSECM_CO_TRY_OK(choose_ports(wanted));
    // Safe writes this file when it answers; a left-over would make us believe it already does.
    auto const answered = where_.path("safe.ports");
    if (auto gone = base::posix_files().remove(answered); !gone && gone.error().code != errc::not_found) co_return gone;
    VSECM_CO_TRY_OK(relaunch());
    int num_tries = 1;
    auto const until = net::steady_clock::now() + start_limit;
    while (!base::read_file(answered, 4096)) {
        if (auto const status = child_.ended()) {
            if (num_tries++ == most_tries) {
                ports_ = wanted;  // they were not the reason
                co_return fail(errc::unavailable, "safe ended while it started, with status {}", *status);
            }
            // Somebody may have taken one of the ports after they were chosen: then choosing again finds others, or the same if it
            // was taken for a moment only. The last try is on new ones: others may choose as we do.
            VSECM_CO_TRY_OK(choose_ports(num_tries == most_tries ? ports{} : ports_));
            VSECM_CO_TRY_OK(relaunch());
        }
        if (net::steady_clock::now() > until) co_return fail(errc::unavailable, "safe does not come up within {}ms", start_limit.count());
        if (stopping_) co_return fail(errc::cancelled, "stopping");
        co_await pause(look_every);
    }
    co_return where_.remember(ports_);
}

net::awaitable<void> safe_child::supervise() {
    std::chrono::milliseconds wait{0};
    while (!stopping_) {
        while (!child_.ended() && !stopping_) co_await pause(look_every);
        if (stopping_) co_return;
        base::log::warn("safe_ended", {{"status", child_.ended().value_or(-1)}, {"what", "starting it again"}});
        // One that had come up is started again at once; only starts that fail wait, longer each time.
        auto again = co_await start();
        if (stopping_) co_return;
        wait = again ? std::chrono::milliseconds{0} : std::clamp(wait * 2, fastest_retry, slowest_restart);
        if (!again) base::log::error("safe_start", {{"what", again.error().what}});
        co_await pause(wait);
    }
}

net::awaitable<void> safe_child::stop(net::steady_clock::time_point deadline) {
    stopping_ = true;
    child_.send_signal(SIGTERM);
    while (child_.valid() && !child_.ended() && net::steady_clock::now() < deadline) co_await pause(look_every);
    child_ = {};  // kills what is left
}

}  // namespace vsecm::roles::dev
