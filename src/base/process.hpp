// What every role does before anything else.
#pragma once

#include "base/result.hpp"

namespace vsecm::base {

// libsodium, umask 077, no core dumps, not ptrace-able by others (PR_SET_DUMPABLE 0), SIGPIPE and SIGXFSZ ignored.
// Call once, first thing in main, before any key exists and before any thread. errc::internal if libsodium fails.
status harden_process();

}  // namespace vsecm::base
