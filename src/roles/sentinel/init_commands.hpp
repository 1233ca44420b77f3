// The init commands of `sentinel serve`: contract section 3.7.
#pragma once

#include "client/session.hpp"
#include "config/settings.hpp"
#include "roles/sentinel/script.hpp"

namespace vsecm::roles::sentinel {

// The script of settings.init_command_path; one without blocks if there is no such file.
base::result<script> load_init_script(config::sentinel_settings const& settings);

// Waits for an identity and for safe, as long as they take; then, unless keystone is marked already, does what the script
// says, block after block, and marks keystone, also if there was nothing to do. What a former run has finished is not done
// again. An `all` that is an error matters only if it is still to be run. Each block, and each new reason to wait, is a
// line of the log.
//
// `done`, or what to exit with: the script is bad, or safe refuses a block for good (at once if the block is at fault, else
// after VSECM_BACKOFF_MAX_RETRIES retries). Everything must outlive it.
net::awaitable<api::exit_status> run_init_commands(client::session& session, config::sentinel_settings const& settings, base::result<script> all);

}  // namespace vsecm::roles::sentinel
