#include "roles/sidecar/role.hpp"

#include "client/waiting.hpp"
#include "net/address.hpp"
#include "net/probes.hpp"
#include "role_frame.hpp"
#include "roles/sidecar/keeping.hpp"

namespace vsecm {
namespace {

using base::errc, base::fail, base::option_kind;
using roles::sidecar::announcer, roles::sidecar::keeping;

enum option : int { opt_once, opt_wait, opt_help };
constexpr base::option_row table[] = {
    {'\0', "once", option_kind::flag, opt_once, "", "write the secret, as soon as there is one, and exit: for Jobs. Nobody is told of it"},
    {'w', "wait", option_kind::single, opt_wait, "DURATION", "with --once: how long to wait for the secret, like 30s; 0 asks once; not given:\nfor ever"},
    {'h', "help", option_kind::flag, opt_help, "", "this text"},
};

net::awaitable<void> write_and_stop(client::session& session, config::sidecar_settings const& settings, std::optional<std::chrono::milliseconds> limit,
                                    base::result<volume::kept>& written, net::runtime& loop) {
    auto found = co_await client::wait_for_secret(session, {settings.poll_interval, limit});
    volume::keeper volume(settings.volume);
    if (found)
        written = co_await volume.follow(*found);
    else
        written = std::unexpected(std::move(found).error());
    loop.stop(0);
}

base::result<int> run_once(config::sidecar_settings const& settings, std::optional<std::chrono::milliseconds> limit) {
    net::runtime loop(1);
    VSECM_TRY(session, client::session::make(loop.loop(0), settings.identity, settings.client, client::self_kind::any));
    base::result<volume::kept> written = fail(errc::cancelled, "stopped by a signal");
    loop.spawn(0, "sidecar", write_and_stop(session, settings, limit, written, loop));
    auto const status = loop.run();
    session.close();
    if (!written && written.error().code == errc::cancelled) return status_of_broken_wait(status);
    VSECM_TRY_OK(written);
    return 0;
}

base::status open_probe(net::runtime& loop, config::sidecar_settings const& settings, keeping& work, std::optional<net::probe_server>& probe) {
    if (settings.probe_address.empty()) return {};
    auto address = net::parse_listen_address(settings.probe_address);
    if (!address) return pass(std::move(address), "VSECM_SIDECAR_PROBE_PORT");
    VSECM_TRY(listener, net::listen_tcp(*address));
    auto const ready = [&work] { return work.not_ready(); };
    auto const alive = [] { return std::optional<std::string>{}; };
    auto const told = std::make_shared<metrics::exposition>("sidecar", [&work] { return !work.not_ready(); });
    told->add([&work](metrics::page& out) { work.write_metrics(out); });
    probe.emplace(loop, std::move(listener), net::probe_checks{ready, alive, ready, settings.metrics ? told : nullptr});
    probe->start();
    if (settings.ports_file.empty()) return {};
    auto const text = std::format("probe={}\n", probe->port());
    return base::replace_file(base::posix_files(), settings.ports_file, base::as_bytes(text), 0600);
}

base::result<int> keep(config::sidecar_settings const& settings) {
    net::runtime loop(1);
    VSECM_TRY(session, client::session::make(loop.loop(0), settings.identity, settings.client, client::self_kind::any));
    VSECM_TRY(tell, announcer::make(loop.loop(0), settings.on_change, settings.volume));
    keeping work(loop, session, tell, settings);
    std::optional<net::probe_server> probe;
    VSECM_TRY_OK(open_probe(loop, settings, work, probe));
    loop.on_stop("sidecar", [&] {
        if (probe) probe->stop();
        tell.stop();
        session.close();
    });
    if (tell.tells_anybody()) loop.spawn(0, "announcer", tell.run());
    loop.spawn(0, "sidecar", work.follow());
    return loop.run();
}

base::result<int> run(base::parsed_options const& given) {
    VSECM_TRY(limit, duration_option(given, opt_wait, "--wait"));
    if (limit && !given.has(opt_once)) return fail(errc::invalid, "--wait goes with --once");
    VSECM_TRY(settings, begin_role<config::sidecar_settings>("sidecar"));
    return given.has(opt_once) ? run_once(settings, limit) : keep(settings);
}

}  // namespace

constexpr manual sidecar_manual{
    .title = "vsecm sidecar",
    .summary = "keeps a file, or a folder of files, equal to this workload's secret",
    .usage = R"(vsecm sidecar                             until it is stopped
vsecm sidecar --once [--wait DURATION]    until the secret is written)",
    .about = R"(Safe says so the moment the secret changes, and a safe that cannot is asked every VSECM_SIDECAR_POLL_INTERVAL
(20000 ms). Readers see the old content or the new, never a part. What is right is not touched; what somebody else changed or
removed is put right, within VSECM_SIDECAR_WAIT (50s). While safe is away it stays as it is; it becomes empty when the secret
is deleted or expires. SIGTERM ends the sidecar at once (0); the files stay.

What is written, by VSECM_SIDECAR_LAYOUT:
file (default): VSECM_SIDECAR_SECRETS_PATH (/opt/vsecm/secrets.json) is the secret, byte for byte.
keys: VSECM_SIDECAR_SECRETS_PATH (/opt/vsecm/secrets) is a folder with a file for each member of a JSON object, as Kubernetes
mounts a Secret: names are links into ..data, and the whole set is switched at once. Names are letters, digits and -._ and begin
with no dot; a secret with another name in it changes nothing. What is gone from the secret is gone from the folder.
dotenv: VSECM_SIDECAR_SECRETS_PATH (/opt/vsecm/secrets.env) is NAME='value' lines that a shell's `.` and docker compose read, one
a member; names become those of variables as `vsecm exec` does it, which refuses the same (PATH, LD_PRELOAD, ...).

VSECM_SIDECAR_TEMPLATE is a Go template of the workload's own, with the secret as its data. With the layout file its result
is written instead of the secret. With keys it may be a folder of them, and each result is one more file, named without
.tmpl. A field that the secret does not have is an error, and the files stay as they are. Templates that are changed, like those
of a ConfigMap, are rendered within VSECM_SIDECAR_WAIT, though the secret is the same.

VSECM_SIDECAR_FILE_MODE and VSECM_SIDECAR_FILE_OWNER say who may read it.

When the files have changed, the workload is told by VSECM_SIDECAR_ON_CHANGE_SIGNAL (with _PID_FILE or _PROCESS), or _COMMAND,
or _URL. Not when the bytes are the same or were put right, and not more often than _INTERVAL (1s). Not of the first content
either: beside a sidecar that is no native one a program may start before its files are there, and must wait for them itself.
What fails is tried again, more and more slowly: until somebody is there to hear it, and ten times a change when a command or a
call is heard and fails. What is due when the sidecar ends, or is killed, the next one tells: the empty file ..untold-... beside the
files says so to it. What was just being told then is told again, by ten sidecars at most. The secret is nowhere in it.

VSECM_SIDECAR_PROBE_PORT answers /livez, and /readyz once the volume holds a secret: a startup probe for a native sidecar.)",
    .options = table,
    .examples = R"(. ./playground/env/billing; vsecm sidecar &
cat "$VSECM_SIDECAR_SECRETS_PATH"
VSECM_SIDECAR_ON_CHANGE_SIGNAL=HUP VSECM_SIDECAR_ON_CHANGE_PROCESS=nginx vsecm sidecar
VSECM_SIDECAR_LAYOUT=dotenv vsecm sidecar --once --wait 1m && . /opt/vsecm/secrets.env)",
    .exit_status = R"(0 stopped, or with --once written; 1 usage, or it cannot be written; with --once also 6 there is no secret; 4 no identity;
5 safe could not be reached; 2 safe refused; 3 safe is sealed; 143 stopped before)",
    .variables = config::by_sidecar,
};

int run_sidecar(arguments args) {
    return run_framed("sidecar", sidecar_manual, args, run);
}

}  // namespace vsecm
