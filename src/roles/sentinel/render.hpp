// Templates tried here and now, contacting nobody: `safe render`, and `--dry-run`.
#pragma once

#include "api/secret.hpp"
#include "delivery/transform.hpp"
#include "gotmpl/options.hpp"
#include "roles/sentinel/actions.hpp"

namespace vsecm::roles::sentinel {

// The exact bytes Go would write, with no fallback. The error's sentence has line and column and nothing of the data.
base::result<base::secret_text> render(command const& asked, gotmpl::render_options const& options, int standard_input = 0);

// What `workload` would receive of this put, which is not of ciphertext, and what is to be said about it; of -a, this value alone.
// errc::invalid with line and column for a template that does not compile or fails on the value.
base::result<delivery::rendering> rehearse(prepared_command const& command, std::string_view workload, api::name_prefixes const& prefixes,
                                           gotmpl::render_options const& options);

// The same of its first workload, as an outcome: exact bytes to print, or an object.
base::result<outcome> preview(prepared_command const& command, api::name_prefixes const& prefixes, gotmpl::render_options const& options);

}  // namespace vsecm::roles::sentinel
