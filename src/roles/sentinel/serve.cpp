#include "roles/sentinel/serve.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "net/address.hpp"
#include "net/probes.hpp"

namespace vsecm::roles::sentinel {

using base::errc;
using base::fail;

namespace {

base::result<base::unique_fd> listen(std::string const& address) {
    auto parsed = net::parse_listen_address(address);
    if (!parsed) return pass(std::move(parsed), "VSECM_PROBE_LIVENESS_PORT");
    return net::listen_tcp(*parsed);
}

// The probe's accepting begins on its loop.
net::awaitable<void> start(net::probe_server& probe) {
    probe.start();
    co_return;
}

}  // namespace

base::result<int> serve(config::sentinel_settings const& settings) {
    if (settings.oidc_requested)
        return fail(errc::unsupported, "the OIDC resource server is not supported: unset VSECM_SENTINEL_OIDC_ENABLE_RESOURCE_SERVER");
    VSECM_TRY(listener, listen(settings.liveness_address));
    auto const alive = [] { return std::optional<std::string>{}; };
    net::runtime loops(1);
    net::probe_server probe(loops, std::move(listener), {alive, alive, alive});
    loops.on_stop("probe", [&probe] { probe.stop(); });
    loops.spawn(0, "probe", start(probe));
    if (!settings.ports_file.empty()) {
        auto const text = std::format("live={}\n", probe.port());
        VSECM_TRY_OK(base::replace_file(base::posix_files(), settings.ports_file, base::as_bytes(text), 0600));
    }
    if (base::posix_files().read(settings.init_command_path, 1U << 20))
        base::log::warn("init_commands", {{"what", "the init commands of " + settings.init_command_path + " are not run: not supported yet"}});
    base::log::info("serving", {{"live", probe.port()}});
    return loops.run();
}

}  // namespace vsecm::roles::sentinel
