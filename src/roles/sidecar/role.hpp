// vsecm sidecar: keeps a volume equal to the workload's secret.
#pragma once

#include "roles.hpp"

namespace vsecm {

// Runs until SIGTERM or SIGINT (0). With --once until the secret is written (0).
int run_sidecar(arguments args);
extern manual const sidecar_manual;

}  // namespace vsecm
