// Adding a role: one row here. No other role changes.
#include "roles.hpp"

namespace vsecm {

std::span<role const> all_roles() noexcept {
    return {};
}

std::span<alias const> all_aliases() noexcept {
    static constexpr alias table[] = {
        {"safe", "sentinel", ""},                          // what every published example types
        {"sloth", "sentinel", "serve"},                    // the original sentinel's entry point, /bin/sloth
        {"/sloth", "inspector", "--idle"},                 // the original inspector's entry point
        {"vsecm-init-container", "init", ""},
        {"keystone", "keystone", ""},
        {"keygen", "keygen", ""},
        {"env", "inspector", ""},
    };
    return table;
}

}  // namespace vsecm
