// Which process is the `vsecm dev` of a folder.
#pragma once

#include "base/file.hpp"

namespace vsecm::roles::dev {

// Makes this process the one: two on one folder would fight over sockets and ports. For as long as what it gives is kept, or until the
// process ends, however it does. errc::conflict if there is one already; errc::storage if the file cannot be opened or locked.
base::result<base::unique_fd> become_runner(std::string const& lock_path);

// The process that is; 0 if none is, or if it is in another process namespace. Asked of the kernel: a number kept in a file may after a
// crash, or while a run starts, be that of any other program.
::pid_t runner_of(std::string const& lock_path);

}  // namespace vsecm::roles::dev
