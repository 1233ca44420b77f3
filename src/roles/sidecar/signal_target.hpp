// The process that is told by a signal: by its number in a file, or by its name among those this process can see.
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::roles::sidecar {

// The number in `path`, white space around it allowed. errc::not_found if there is no such file, errc::invalid if it holds no
// number of a process, or this one's.
base::result<::pid_t> read_pid_file(std::string const& path);

// Processes of that name below `proc` (/proc): by the name the kernel knows (its first 15 bytes), or by the last part of their
// argv[0]. Of a family of them the eldest only: a server's main process passes on what its workers need. Never this process, nor
// one that has ended. errc::not_found if there is none.
base::result<std::vector<::pid_t>> find_processes(std::string const& proc, std::string_view name);

// errc::not_found: it has ended; errc::denied: another user's.
base::status send_signal(::pid_t to, int number);

// To each of them. The error of the first only if it reached none: whom it reached must not get it again because of another, whom
// the log names.
base::status send_signal_to_all(std::span<::pid_t const> to, int number);

}  // namespace vsecm::roles::sidecar
