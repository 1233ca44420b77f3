#include "gotmpl/render.hpp"

#include "base/try.hpp"
#include "gotmpl/data.hpp"
#include "gotmpl/exec.hpp"
#include "gotmpl/parser.hpp"

namespace vsecm::gotmpl {

base::result<template_set> compile(std::string_view template_text, render_options const& options) {
    auto const most = options.bounds.max_template;
    if (template_text.size() > most)
        return base::fail(base::errc::too_large, "the template has {} bytes, the limit is {}", template_text.size(), most);
    return parse(template_text, options.name, options.bounds.max_nesting);
}

base::result<base::secret_text> render(template_set const& compiled, codec::json_value json, render_options const& options) {
    VSECM_TRY(root, data::from(json, options.numbers));
    return execute(compiled, root.root(), options.bounds);
}

base::result<base::secret_text> render(std::string_view template_text, codec::json_value json, render_options const& options) {
    VSECM_TRY(compiled, compile(template_text, options));
    return render(compiled, json, options);
}

}  // namespace vsecm::gotmpl
