// vsecm sentinel serve: the long-running part of the sentinel's pod.
#pragma once

#include "config/settings.hpp"

namespace vsecm::roles::sentinel {

// Answers liveness probes until SIGTERM or SIGINT (0). Init commands are not run yet.
base::result<int> serve(config::sentinel_settings const& settings);

}  // namespace vsecm::roles::sentinel
