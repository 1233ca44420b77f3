#include "roles/dev/local_system.hpp"

#include "base/log.hpp"
#include "base/try.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <span>

namespace vsecm::roles::dev {

local_system::local_system(net::runtime& loop, layout where, command asked, std::vector<std::string> inherited)
    : loop_(loop), where_(std::move(where)), asked_(std::move(asked)), safe_(loop.loop(0), where_, std::move(inherited)), additions_(loop.loop(0), SIGHUP) {}

net::awaitable<base::status> local_system::start() {
    loop_.on_stop(
        "dev", [this] { additions_.cancel(); },
        [this](net::steady_clock::time_point deadline) -> net::awaitable<void> { return safe_.stop(deadline); });
    VSECM_CO_TRY_OK(serve_identities());
    VSECM_CO_TRY_OK(co_await safe_.start());
    // The ports are known only now.
    for (auto const& who : system_parts()) VSECM_CO_TRY_OK(where_.write_env(who, safe_.bound()));
    for (auto const& who : workloads_) VSECM_CO_TRY_OK(where_.write_env(who, safe_.bound()));
    loop_.spawn(0, "safe", safe_.supervise());
    loop_.spawn(0, "additions", watch_for_additions());
    tell_how_to_use();
    co_return base::status{};
}

base::status local_system::serve_identities() {
    identity::issuer_options options;
    options.trust_domain = trust_domain;
    options.svid_ttl = asked_.svid_ttl;
    VSECM_TRY(authority, identity::issuer::open(where_.path("identity"), options));
    issuer_.emplace(std::move(authority));
    sockets_.emplace(loop_.loop(0), *issuer_);
    for (auto const& who : asked_.workloads) VSECM_TRY_OK(where_.check_socket_of(who.name));
    VSECM_TRY_OK(where_.enlist(asked_.workloads));
    for (auto const& who : system_parts()) VSECM_TRY_OK(add(who));
    return add_listed();
}

base::status local_system::add(identity_name const& who) {
    VSECM_TRY_OK(where_.check_socket_of(who.name));
    return sockets_->add(where_.spiffe_id_of(who), where_.socket_of(who.name));
}

// One of the list that cannot be served, which somebody may have edited, keeps no other from it.
base::status local_system::add_listed() {
    VSECM_TRY(listed, where_.workloads());
    for (auto const& who : listed) {
        if (std::ranges::contains(workloads_, who)) continue;
        if (auto served = add(who); served) workloads_.push_back(who);
        else base::log::error("workload_not_served", {{"name", who.name}, {"namespace", who.space}, {"what", served.error().what}});
    }
    return {};
}

base::status local_system::take_up_new_workloads() {
    auto const num_known = workloads_.size();
    VSECM_TRY_OK(add_listed());
    for (auto const& who : workloads_)
        if (auto written = where_.write_env(who, safe_.bound()); !written) base::log::error("env_not_written", {{"name", who.name}, {"what", written.error().what}});
    for (auto const& who : std::span(workloads_).subspan(num_known)) std::printf("  added       . %s\n", where_.path("env/" + who.name).c_str());
    std::fflush(stdout);
    return {};
}

net::awaitable<void> local_system::watch_for_additions() {
    for (;;) {
        auto const [failed, number] = co_await additions_.async_wait(net::as_result);
        if (failed) co_return;
        if (auto taken = take_up_new_workloads(); !taken) base::log::error("dev_add", {{"what", taken.error().what}});
    }
}

void local_system::tell_how_to_use() const {
    std::printf("vsecm dev is ready: safe answers on https://127.0.0.1:%u/ (process %ld)\n", safe_.bound().api, static_cast<long>(safe_.pid()));
    std::printf("  operator    . %s   then: vsecm sentinel -w NAME -s 'TopSecret'\n", where_.path("env/vsecm-sentinel").c_str());
    for (auto const& who : workloads_) std::printf("  workload    . %s   then: vsecm inspector\n", where_.path("env/" + who.name).c_str());
    std::fflush(stdout);
}

}  // namespace vsecm::roles::dev
