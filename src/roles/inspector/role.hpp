// vsecm inspector: one fetch, printed. What would this workload see?
#pragma once

#include "roles.hpp"

namespace vsecm {

// 0 and the secret on standard output; 6 and nothing there if there is none. `--idle` waits for SIGTERM instead (0).
int run_inspector(arguments args);
extern manual const inspector_manual;

}  // namespace vsecm
