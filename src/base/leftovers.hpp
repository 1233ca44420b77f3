// What replace_file (base/file.hpp) could not take away itself.
#pragma once

#include "base/file.hpp"

namespace vsecm::base {

// Removes what replace_file left beside `path` in processes that were killed meanwhile, as far as the disk allows. Not for a
// path that another process may be replacing now.
void remove_leftovers(file_layer& files, std::string const& path);

}  // namespace vsecm::base
