#include "roles/sentinel/render.hpp"

#include "base/try.hpp"
#include "codec/json_reader.hpp"
#include "gotmpl/render.hpp"
#include "roles/sentinel/inputs.hpp"

namespace vsecm::roles::sentinel {

// Any JSON document a person may want to try, not only what safe would accept as a secret.
constexpr codec::json_limits data_limits{.max_bytes = max_secret_len, .max_depth = 1000, .max_nodes = 4U << 20};

base::result<base::secret_text> render(command const& asked, gotmpl::render_options const& options, int standard_input) {
    VSECM_TRY(text, read_data(asked.value, standard_input));
    auto data = codec::json_document::parse(std::move(text), data_limits);
    if (!data) return pass(std::move(data), "the data");
    return gotmpl::render(asked.template_text, data->root(), options);
}

}  // namespace vsecm::roles::sentinel
