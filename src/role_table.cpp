// Adding a role: one row here. No other role changes.
#include "roles.hpp"
#include "roles/demo/role.hpp"
#include "roles/dev/role.hpp"
#include "roles/exec/role.hpp"
#include "roles/help/role.hpp"
#include "roles/init/role.hpp"
#include "roles/inspector/role.hpp"
#include "roles/keygen/role.hpp"
#include "roles/keystone/role.hpp"
#include "roles/safe/role.hpp"
#include "roles/sentinel/role.hpp"
#include "roles/sidecar/role.hpp"

namespace vsecm {

std::span<role const> all_roles() noexcept {
    static constexpr role table[] = {
        {"safe", run_safe, safe_manual},
        {"sentinel", run_sentinel, sentinel_manual},
        {"sidecar", run_sidecar, sidecar_manual},
        {"init", run_init, init_manual},
        {"keystone", run_keystone, keystone_manual},
        {"keygen", run_keygen, keygen_manual},
        {"inspector", run_inspector, inspector_manual},
        {"exec", run_exec, exec_manual},
        {"dev", run_dev, dev_manual},
        {"demo", run_demo, demo_manual},
        {"help", run_help, help_manual},
    };
    return table;
}

std::span<alias const> all_aliases() noexcept {
    static constexpr alias table[] = {
        {"safe", "sentinel", ""},                          // what every published example types
        {"/sloth", "inspector", "--idle"},                 // the original inspector's entry point; first, for it fits the next row too
        {"sloth", "sentinel", "serve"},                    // the original sentinel's entry point, /bin/sloth
        {"vsecm-init-container", "init", ""},
        {"keystone", "keystone", ""},
        {"keygen", "keygen", ""},
        {"env", "inspector", ""},
    };
    return table;
}

}  // namespace vsecm
