// vsecm help: what roles and variables are for, man pages, and completion for shells.
#pragma once

#include "roles.hpp"

namespace vsecm {

// `help env` prints every variable, `help man ROLE` and `help completion SHELL` what these are named for; `help ROLE` is
// `ROLE --help`.
int run_help(arguments args);
extern manual const help_manual;

}  // namespace vsecm
