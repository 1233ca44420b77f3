// Adding a role: one row here. No other role changes.
#include "roles.hpp"
#include "roles/demo/role.hpp"
#include "roles/dev/role.hpp"
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
        {"safe", run_safe, "the server: keeps secrets, answers over mutual TLS"},
        {"sentinel", run_sentinel, "the operator's command line; `sentinel serve`: the long-running pod"},
        {"sidecar", run_sidecar, "keeps a file equal to the workload's secret"},
        {"init", run_init, "exits 0 once the workload's secret exists"},
        {"keystone", run_keystone, "Ready once the whole system has bootstrapped"},
        {"keygen", run_keygen, "makes a root key; decrypts exports and store files offline"},
        {"inspector", run_inspector, "prints what this workload would receive"},
        {"dev", run_dev, "the whole system on this machine, without Kubernetes"},
        {"demo", run_demo, "one secret through every role, on this machine, in seconds"},
        {"help", run_help, "`help env`: every variable; `help ROLE`"},
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
