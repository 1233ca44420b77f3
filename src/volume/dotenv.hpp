// Variables as the lines of a file that a shell's `.` reads, and docker compose and those like it as well.
#pragma once

#include "delivery/members.hpp"

#include <span>

namespace vsecm::volume {

struct dotenv {
    base::secret_text text;           // NAME='value' lines
    std::size_t num_for_shells = 0;   // values that only a shell reads right: there is no notation that both agree on
};

// `variables` are those of delivery::variables_of. Values stand in single quotes, where nothing has a meaning; those with a
// single quote, or that end in a backslash (which compose takes for one before the quote), in double quotes with a backslash
// before what has a meaning there. For shells only: a backquote in double quotes, and a carriage return before a line break.
dotenv dotenv_of(std::span<delivery::member const> variables);

}  // namespace vsecm::volume
