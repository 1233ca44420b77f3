// What a process of ours exits with.
#pragma once

#include "base/error.hpp"

namespace vsecm::api {

enum class exit_status : int {
    done = 0,
    usage = 1,        // a bad flag, an unreadable file, any local problem
    refused = 2,      // the server answered no; its reason is printed
    sealed = 3,       // the root key has not been given
    no_identity = 4,  // none from the Workload API, or not the one this command needs
    unreachable = 5,  // no server in time
    not_found = 6,
    no_such_role = 127,
};

constexpr int to_int(exit_status s) noexcept { return static_cast<int>(s); }

// For errors of our own side: arguments, files, identity, connection.
exit_status exit_status_of(base::errc code) noexcept;
// For an error the server answered with: `refused`, but for sealed and not_found.
exit_status exit_status_of_answer(base::errc code) noexcept;

}  // namespace vsecm::api
