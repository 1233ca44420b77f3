// vsecm help: the list of roles, and the variables.
#pragma once

#include "roles.hpp"

namespace vsecm {

// `help env` prints every variable; `help ROLE` is `ROLE --help`.
int run_help(arguments args);
extern manual const help_manual;

}  // namespace vsecm
