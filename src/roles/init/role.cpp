#include "roles/init/role.hpp"

#include "client/waiting.hpp"
#include "net/runtime.hpp"
#include "role_frame.hpp"
#include "roles/init/kube_waiting.hpp"
#include "volume/keeper.hpp"

namespace vsecm {
namespace {

using base::errc, base::fail, base::option_kind;
using limit_type = std::optional<std::chrono::milliseconds>;

enum option : int { opt_file, opt_secret, opt_wait, opt_help };
constexpr base::option_row table[] = {
    {'\0', "file", option_kind::flag, opt_file, "", "write the secret before the exit, as `vsecm sidecar` would keep it (VSECM_SIDECAR_...)"},
    {'s', "secret", option_kind::list, opt_secret, "NAMESPACE/NAME", "wait for this Secret of Kubernetes instead, until it is there with something in it;\nNAME: in the pod's own namespace. May be repeated. The pod's service account needs\nthe verb get on it"},
    {'w', "wait", option_kind::single, opt_wait, "DURATION", "how long to wait, like 30s; 0 asks once; not given: for ever"},
    {'h', "help", option_kind::flag, opt_help, "", "this text"},
};

net::awaitable<base::status> own_secret(client::session& session, config::init_settings const& settings, limit_type limit, bool to_file) {
    VSECM_CO_TRY(found, co_await client::wait_for_secret(session, {settings.poll_interval, limit}));
    base::log::info("secret_is_there");
    if (!to_file) co_return base::status{};
    volume::keeper volume(settings.volume);
    VSECM_CO_TRY_OK(co_await volume.follow(found));
    co_return base::status{};
}

net::awaitable<base::status> cluster_secrets(std::shared_ptr<kube::service_account> account, roles::init::secret_wait what, limit_type limit) {
    what.once = limit == std::chrono::milliseconds{0};
    if (what.once) limit.reset();  // each request has a limit of its own
    base::error newest{errc::timeout, "the API server did not answer in time"};
    auto work = roles::init::wait_for_secrets(std::move(account), std::move(what), newest);
    constexpr std::chrono::hours for_ever{24 * 3650};
    auto there = co_await net::with_deadline(std::move(work), limit.value_or(for_ever), "the wait");
    if (there) co_return base::status{};
    co_return std::unexpected(limit && there.error().code == errc::timeout ? std::move(newest) : std::move(there).error());
}

// `outcome` says afterwards whether what was waited for, and not a signal, ended the wait.
net::awaitable<void> finish(net::awaitable<base::status> wait, std::chrono::milliseconds pause, base::status& outcome, net::runtime& loop) {
    auto done = co_await std::move(wait);
    if (done && pause.count() > 0)
        if (auto slept = co_await net::sleep_for(pause); !slept) co_return;
    outcome = std::move(done);
    loop.stop(0);
}

base::result<int> run(base::parsed_options const& given) {
    VSECM_TRY(limit, duration_option(given, opt_wait, "--wait"));
    roles::init::secret_wait wanted;
    for (auto const text : given.values(opt_secret)) {
        auto which = roles::init::parse_secret_ref(text);
        if (!which) return pass(std::move(which), "--secret");
        wanted.wanted.push_back(*std::move(which));
    }
    if (!wanted.wanted.empty() && given.has(opt_file)) return fail(errc::invalid, "--file is for this workload's own secret, not for --secret");
    VSECM_TRY(settings, begin_role<config::init_settings>("init"));
    wanted.pause = settings.poll_interval;
    wanted.request_timeout = settings.kubernetes.request_timeout;

    net::runtime loop(1);
    base::status outcome = fail(errc::cancelled, "stopped by a signal");
    std::optional<client::session> session;
    if (wanted.wanted.empty()) {
        VSECM_TRY(made, client::session::make(loop.loop(0), settings.identity, settings.client, client::self_kind::any));
        session.emplace(std::move(made));
        loop.spawn(0, "init", finish(own_secret(*session, settings, limit, given.has(opt_file)), settings.wait_before_exit, outcome, loop));
    } else {
        VSECM_TRY(account, roles::init::open_account(settings.kubernetes));
        loop.spawn(0, "init", finish(cluster_secrets(std::move(account), std::move(wanted), limit), settings.wait_before_exit, outcome, loop));
    }
    auto const status = loop.run();
    if (session) session->close();
    if (!outcome && outcome.error().code == errc::cancelled) return status_of_broken_wait(status);
    VSECM_TRY_OK(outcome);
    return status;
}

}  // namespace

constexpr manual init_manual{
    .title = "vsecm init",
    .summary = "waits until this workload's secret exists, then exits 0",
    .usage = R"(vsecm init [--file] [--wait DURATION]
vsecm init --secret NAMESPACE/NAME... [--wait DURATION])",
    .about = R"(Run it as an init container: the pod's other containers start when the secret is there. It is told by safe the moment
the secret is registered; a safe that cannot tell is asked every VSECM_INIT_CONTAINER_POLL_INTERVAL (5000 ms), and so is
the API server of Kubernetes with --secret. VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT adds a pause before the exit. Without
--wait it waits for ever; SIGTERM ends it (143).)",
    .options = table,
    .examples = R"(vsecm init
VSECM_SIDECAR_LAYOUT=keys vsecm init --file
vsecm init --secret billing/database --secret tls)",
    .exit_status = R"(0 it is there, and with --file written; 1 usage, or it cannot be written; 143 stopped; with --wait also 6 it is not
there; 4 no identity; 5 safe, or the API server, could not be reached; 2 safe refused; 3 safe is sealed)",
    .variables = config::by_init,
};

int run_init(arguments args) { return run_framed("init", init_manual, args, run); }

}  // namespace vsecm
