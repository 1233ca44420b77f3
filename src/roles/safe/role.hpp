// vsecm safe: the server.
#pragma once

#include "roles.hpp"

namespace vsecm {

// Serves until SIGTERM or SIGINT (0). 1: settings, root key or store; 4: no identity, or not safe's.
int run_safe(arguments args);
extern manual const safe_manual;

}  // namespace vsecm
