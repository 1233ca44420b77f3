// The room's way in: a template and a JSON value, and out comes what Go would have written.
#pragma once

#include "gotmpl/data.hpp"
#include "gotmpl/workspace.hpp"

namespace vsecm::gotmpl {

struct render_options {
    std::string_view name = "secret";  // of the template, in messages; the original's
    number_style numbers = number_style::exact;
    limits bounds;
};

// The exact bytes, or an error with line and column: errc::invalid where Go would fail, errc::too_large for a limit. The
// message holds parts of the template, and types instead of the data's values. All but the result is gone on return.
base::result<base::secret_text> render(std::string_view template_text, codec::json_value data, render_options const& options = {});

}  // namespace vsecm::gotmpl
