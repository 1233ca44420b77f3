// vsecm sentinel: the operator's command line (also called as `safe`), and `sentinel serve`, the pod's long-running part.
#pragma once

#include "roles.hpp"

namespace vsecm {

// Exit statuses of api/exit_status.hpp. Overwrites the memory of secret arguments once they are read.
int run_sentinel(arguments args);
extern manual const sentinel_manual;

}  // namespace vsecm
