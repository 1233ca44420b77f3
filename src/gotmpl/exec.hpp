// Runs a parsed template over data. Go's text/template is the model: its order of evaluation, its scopes, its messages.
#pragma once

#include "gotmpl/tree.hpp"
#include "gotmpl/workspace.hpp"

namespace vsecm::gotmpl {

// The set's own template with `root` as its data; all values must outlive the call. Errors name the place and the node,
// "template: NAME:LINE:COLUMN: executing "NAME" at <NODE>: message"; where Go's message shows a value, its type stands
// here: data is secret. errc::invalid, or errc::too_large for a limit.
base::result<base::secret_text> execute(template_set const& set, value const& root, limits const& l);

}  // namespace vsecm::gotmpl
