// The options of the operator's command line: what parses them, and what help, man page and completion tell of them.
#pragma once

#include "base/options.hpp"

#include <span>

namespace vsecm::roles::sentinel {

enum option {
    o_help, o_version, o_list, o_delete, o_namespace, o_input_keys, o_workload, o_secret, o_template, o_format, o_encrypt,
    o_nbf, o_exp, o_append, o_store, o_secret_file, o_if_version, o_output, o_dry_run, o_versions, o_rollback, o_undelete,
    o_rotate_key, o_forget_key,
};

std::span<base::option_row const> option_table() noexcept;

}  // namespace vsecm::roles::sentinel
