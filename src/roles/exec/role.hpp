// vsecm exec: a program with the workload's secret in its environment.
#pragma once

#include "roles.hpp"

namespace vsecm {

// Does not return when it succeeds: the process is the program then. Else 126 (cannot be executed), 127 (not found), 143 when
// stopped before, or a status of design section 5.
int run_exec(arguments args);
extern manual const exec_manual;

}  // namespace vsecm
