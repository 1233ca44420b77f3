// Templates tried here and now, contacting nobody: `safe render`, and `--dry-run`.
#pragma once

#include "api/secret.hpp"
#include "gotmpl/options.hpp"
#include "roles/sentinel/actions.hpp"

namespace vsecm::roles::sentinel {

// The exact bytes Go would write, with no fallback. The error's sentence has line and column and nothing of the data.
base::result<base::secret_text> render(command const& asked, gotmpl::render_options const& options, int standard_input = 0);

// What a workload would receive of this put, exact bytes, and what is to be said about it. errc::invalid with line and column for
// a template that does not compile or fails on the value.
base::result<outcome> preview(prepared_command const& command, api::name_prefixes const& prefixes, gotmpl::render_options const& options);

}  // namespace vsecm::roles::sentinel
