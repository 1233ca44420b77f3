#include "gotmpl/render.hpp"

#include "base/try.hpp"
#include "gotmpl/data.hpp"
#include "gotmpl/exec.hpp"
#include "gotmpl/parser.hpp"

namespace vsecm::gotmpl {

base::result<base::secret_text> render(std::string_view template_text, codec::json_value json, render_options const& options) {
    auto const most = options.bounds.max_template;
    if (template_text.size() > most)
        return base::fail(base::errc::too_large, "the template has {} bytes, the limit is {}", template_text.size(), most);
    VSECM_TRY(set, parse(template_text, options.name, options.bounds.max_nesting));
    VSECM_TRY(root, data::from(json, options.numbers));
    return execute(set, root.root(), options.bounds);
}

}  // namespace vsecm::gotmpl
