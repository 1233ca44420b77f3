// The end of this program: the same process as another one, with a few variables more.
#pragma once

#include "delivery/members.hpp"

#include <span>
#include <string_view>

namespace vsecm::roles::exec {

// Becomes `command`, looked for on PATH, with our environment and `variables`, which win over what is there. Call it with no
// descriptor of ours open. Returns only if it could not: 126 or 127 as env(1), told on standard error.
int become(std::span<std::string_view const> command, std::span<delivery::member const> variables);

}  // namespace vsecm::roles::exec
