// The story the demo tells, step by step.
#pragma once

#include "base/result.hpp"

namespace vsecm::roles::demo {

// Prints each step as it happens. An error names the step that was not as told, and what was seen instead.
base::status play();

}  // namespace vsecm::roles::demo
