// vsecm demo: one secret through every role, with real parts only.
#pragma once

#include "roles.hpp"

namespace vsecm {

// 0 if every step was as told; 1 at the first that was not, with what was seen. Removes its temporary folder.
int run_demo(arguments args);
extern manual const demo_manual;

}  // namespace vsecm
