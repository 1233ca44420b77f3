// A role's manual as a man page.
#pragma once

#include "roles.hpp"

#include <string>

namespace vsecm::roles::help {

// vsecm-NAME(1) in the man macros of roff. The variables the role reads come from the same table as `vsecm help env`.
std::string man_page(role const& of);

}  // namespace vsecm::roles::help
