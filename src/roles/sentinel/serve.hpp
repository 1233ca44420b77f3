// vsecm sentinel serve: the long-running part of the sentinel's pod.
#pragma once

#include "config/settings.hpp"

namespace vsecm::roles::sentinel {

// Runs the init commands and answers liveness probes until SIGTERM or SIGINT (0). Ends by itself, so that the pod is started
// again, only with init commands that cannot be run: run_init_commands says with what.
base::result<int> serve(config::sentinel_settings const& settings);

}  // namespace vsecm::roles::sentinel
