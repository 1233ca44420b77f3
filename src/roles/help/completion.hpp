// Completion for shells, from the roles' manuals.
#pragma once

#include "base/result.hpp"
#include "roles.hpp"

#include <string>
#include <string_view>

namespace vsecm::roles::help {

// A script for `bash`, `zsh` or `fish` that completes `vsecm ROLE …` and `safe …`: roles, subcommands, options, the words an
// option chooses from, and files. Never values. errc::invalid for another shell.
base::result<std::string> completion_script(std::string_view shell);

}  // namespace vsecm::roles::help
