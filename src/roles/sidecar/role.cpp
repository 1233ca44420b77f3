#include "roles/sidecar/role.hpp"

#include "client/condition.hpp"
#include "client/poller.hpp"
#include "client/session.hpp"
#include "net/runtime.hpp"
#include "role_frame.hpp"
#include "roles/sidecar/secrets_file.hpp"

namespace vsecm {
namespace {

using roles::sidecar::kept;
using roles::sidecar::secrets_file;

void tell(kept done, client::fetched const& found) {
    switch (done) {
        case kept::written: base::log::info("file_written", {{"bytes", found.content.data.size()}}); break;
        case kept::emptied: base::log::warn("file_emptied", {{"why", api::name_of(found.why)}}); break;
        case kept::held:
            base::log::warn("file_kept", {{"why", api::name_of(found.why)}, {"what", "safe has no secret for this workload and does not say that it was deleted"}});
            break;
        case kept::unchanged: break;
    }
}

net::awaitable<void> follow(client::session& session, config::sidecar_settings const& settings) {
    client::condition state;
    while (true) {
        auto opened = co_await session.open(spiffe::svid_source::patience::until_deadline);
        if (opened) break;
        state.failing("no_identity", opened.error());
    }
    client::poll_options options;
    options.interval = settings.poll_interval;
    options.max_interval = settings.max_poll_interval;
    options.wait = std::chrono::ceil<std::chrono::seconds>(settings.wait);
    client::poller poller(session.safe(), options);
    secrets_file file(base::posix_files(), settings.secrets_path, settings.file_mode);
    for (;;) {
        auto found = co_await poller.next();
        if (!found) {
            if (found.error().code == base::errc::cancelled) co_return;  // the role is ending
            state.failing("safe_away", found.error());
            continue;
        }
        state.well();
        // A file that cannot be written is tried again with the same content, more slowly each time.
        for (net::backoff tries({std::chrono::milliseconds{100}, 2.0, std::chrono::milliseconds{10'000}, std::nullopt});;) {
            auto done = file.follow(*found);
            if (done) {
                tell(*done, *found);
                break;
            }
            state.failing("file_not_written", done.error());
            if (auto slept = co_await net::sleep_for(*tries.next()); !slept) co_return;
        }
    }
}

base::result<int> run() {
    VSECM_TRY(settings, begin_role<config::sidecar_settings>("sidecar"));
    net::runtime loop(1);
    VSECM_TRY(session, client::session::make(loop.loop(0), settings.identity, settings.client, client::self_kind::any));
    loop.on_stop("sidecar", [&session] { session.close(); });
    loop.spawn(0, "sidecar", follow(session, settings));
    return loop.run();
}

}  // namespace

constexpr manual sidecar_manual{
    .title = "vsecm sidecar",
    .summary = "keeps a file equal to this workload's secret",
    .usage = "vsecm sidecar            (no arguments: everything is set by the environment)",
    .about = R"(VSECM_SIDECAR_SECRETS_PATH (/opt/vsecm/secrets.json) is replaced in one step whenever the secret changes; safe says so
the moment it happens, and a safe that cannot is asked every VSECM_SIDECAR_POLL_INTERVAL (20000 ms). The file is not
touched while its content is right, stays as it is while safe is away, and becomes empty when the secret is deleted or
expires. VSECM_SIDECAR_FILE_MODE sets its mode. SIGTERM ends it (0); the file stays.)",
    .examples = R"(. ./playground/env/billing; vsecm sidecar &
cat "$VSECM_SIDECAR_SECRETS_PATH")",
    .variables = config::by_sidecar,
};

int run_sidecar(arguments args) { return run_framed("sidecar", sidecar_manual, args, run); }

}  // namespace vsecm
