#include "roles/sentinel/render.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"
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

base::result<delivery::rendering> rehearse(prepared_command const& command, std::string_view workload, api::name_prefixes const& prefixes,
                                           gotmpl::render_options const& options) {
    auto const& asked = command.asked;
    auto const kind = workload.empty() ? api::name_kind::workload : api::classify(workload, prefixes).kind;
    VSECM_TRY(format, api::parse_format(asked.format));
    std::string_view const value = command.value.view();
    auto made = delivery::transform({&value, 1}, delivery::recipe_for(kind, asked.template_text, format), options);
    if (made.bad_template) return base::fail(base::errc::invalid, "{}", made.bad_template->what);
    if (asked.append) made.notes.emplace_back("with -a, the workload receives a list: this value first, then those it has");
    return made;
}

base::result<outcome> preview(prepared_command const& command, api::name_prefixes const& prefixes, gotmpl::render_options const& options) {
    auto const& workloads = command.asked.workloads;
    VSECM_TRY(made, rehearse(command, workloads.empty() ? std::string_view{} : workloads.front(), prefixes, options));
    outcome result;
    for (auto const& sentence : made.notes) result.sentences.push_back("warning: " + base::printable(sentence));
    if (command.asked.output == output_shape::text) {
        result.out = std::move(made.text);
        return result;
    }
    codec::json_writer json(result.out);
    json.begin_object().member("data", made.text.view()).key("warnings").begin_array();
    for (auto const& sentence : made.notes) json.string(sentence);
    json.end_array().end_object();
    result.out.push_back('\n');
    return result;
}

}  // namespace vsecm::roles::sentinel
