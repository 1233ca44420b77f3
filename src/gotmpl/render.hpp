// The room's way in: a template and a JSON value, and out comes what Go would have written.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"
#include "codec/json_reader.hpp"
#include "gotmpl/options.hpp"
#include "gotmpl/tree.hpp"

namespace vsecm::gotmpl {

// The exact bytes, or an error with line and column: errc::invalid where Go would fail, errc::too_large for a limit. The
// message holds parts of the template, and types instead of the data's values. All but the result is gone on return.
base::result<base::secret_text> render(std::string_view template_text, codec::json_value data, render_options const& options = {});

// The same in two steps, for one template and the data of many: a template of a mebibyte takes a tenth of a second to read.
// `template_text` must outlive what is returned. Errors as of parse, and errc::too_large for a template beyond its limit.
base::result<template_set> compile(std::string_view template_text, render_options const& options = {});
base::result<base::secret_text> render(template_set const& compiled, codec::json_value data, render_options const& options = {});

}  // namespace vsecm::gotmpl
