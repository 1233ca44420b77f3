// What every role does before anything else, and what is undone for a program that this process becomes.
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <optional>

namespace vsecm::base {

// libsodium, umask 077, no core dumps, not ptrace-able by others (PR_SET_DUMPABLE 0), SIGPIPE and SIGXFSZ ignored.
// Call once, first thing in main, before any key exists and before any thread. errc::internal if libsodium fails.
status harden_process();

// For the moment before an exec: umask, signal mask and what SIGINT, SIGTERM, SIGPIPE, SIGXFSZ and SIGCHLD do become again
// what they were when harden_process() was called. Core dumps stay off.
void restore_inherited() noexcept;

// What umask was when harden_process() was called, for children that are somebody else's programs; none before.
std::optional<::mode_t> inherited_umask() noexcept;

}  // namespace vsecm::base
