// `safe render`: what a template makes of data, contacting nobody.
#pragma once

#include "base/secret_text.hpp"
#include "gotmpl/options.hpp"
#include "roles/sentinel/command_line.hpp"

namespace vsecm::roles::sentinel {

// The exact bytes Go would write, with no fallback. The error's sentence has line and column and nothing of the data.
base::result<base::secret_text> render(command const& asked, gotmpl::render_options const& options, int standard_input = 0);

}  // namespace vsecm::roles::sentinel
