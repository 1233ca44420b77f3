// vsecm init: an init container that ends when the workload's secret is there.
#pragma once

#include "roles.hpp"

namespace vsecm {

// 0 once the secret exists; 143 when it is stopped before. It never gives up by itself, but for --wait.
int run_init(arguments args);
extern manual const init_manual;

}  // namespace vsecm
