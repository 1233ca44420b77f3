// vsecm dev: the whole system on this machine, without Kubernetes and without SPIRE.
#pragma once

#include "roles.hpp"

namespace vsecm {

// Runs in the foreground until SIGTERM or SIGINT (0). `dev add` asks a running one for another workload.
int run_dev(arguments args);
extern manual const dev_manual;

}  // namespace vsecm
