// The table of roles: what this executable can be. Explicit, because a static link drops self-registering objects.
#pragma once

#include "manual.hpp"

#include <span>
#include <string_view>

namespace vsecm {

using arguments = std::span<std::string_view const>;  // without the program's and the role's own name

struct role {
    std::string_view name;  // `vsecm NAME`, and argv[0] `vsecm-NAME`
    int (*run)(arguments);  // returns the exit status of design section 5
    manual const& book;
};

// Other argv[0] names the original's images and manuals use. `prefix_argument` is put before the caller's own
// arguments when not empty ("serve").
struct alias {
    std::string_view invoked_as;  // base name, or a whole path when it begins with '/'
    std::string_view role_name;
    std::string_view prefix_argument;
};

std::span<role const> all_roles() noexcept;
std::span<alias const> all_aliases() noexcept;

// The `vsecm` program: finds the role by argv[0], then by argv[1]; lists the roles when there is none; 127 and the
// nearest name when there is no such role.
int run_vsecm(std::span<std::string_view const> argv);

}  // namespace vsecm
