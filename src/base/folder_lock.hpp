// One writer at a time in a folder, among processes that ask for it.
#pragma once

#include "base/file.hpp"

#include <chrono>

namespace vsecm::base {

// Blocks the thread until nobody else has it, `patience` at most: errc::conflict then. Held as long as what it gives. A file system
// without locks, and a folder that cannot be opened, give none: then there is nothing but care (O_EXCL, names that are random).
result<unique_fd> lock_folder(std::string const& path, std::chrono::milliseconds patience);

}  // namespace vsecm::base
