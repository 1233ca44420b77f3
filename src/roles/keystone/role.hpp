// vsecm keystone: a pod that is Ready when the whole system has bootstrapped.
#pragma once

#include "roles.hpp"

namespace vsecm {

// Serves until SIGTERM (0).
int run_keystone(arguments args);
extern manual const keystone_manual;

}  // namespace vsecm
