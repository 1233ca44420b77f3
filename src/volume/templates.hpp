// The workload's own templates, with its secret as their data.
#pragma once

#include "volume/contents.hpp"

namespace vsecm::volume {

// Go templates (room gotmpl) over the secret: its JSON value, or, if it is none, a text. Read anew each time. errc::invalid,
// with file, line and column, for one that does not compile, fails, or asks for a field that the secret has not: a file with
// "<no value>" in it helps nobody. errc::storage, not_found: the template cannot be read. Up to a second of work each.
base::result<base::secret_text> render_file(std::string const& path, std::string_view secret);

// Of a file: itself. Of a folder: every file in it whose name does not begin with a dot, through links, as a ConfigMap is
// mounted; at most 100. Named as they are, without a `.tmpl` at the end.
base::result<std::vector<named_file>> render_all(std::string const& path, std::string_view secret);

// As trace_of (file_set.hpp), of the templates that those two would read: another text once one of them is another, or is gone or new.
// An empty path has none.
std::string trace_of_templates(std::string const& path);

}  // namespace vsecm::volume
