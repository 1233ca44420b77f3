#include "store/kube_data.hpp"

#include "base/try.hpp"
#include "codec/json_reader.hpp"

namespace vsecm::store {
namespace {

using codec::json_kind;

constexpr std::string_view whole_value_key = "VALUE";

// Nothing if the text is no object of texts. The last of two fields of one name counts, as in Go.
std::optional<kube::secret_data> fields_of(base::secret_text&& text) {
    auto const document = codec::json_document::parse(std::move(text));
    if (!document) return std::nullopt;
    auto const root = document->root();
    kube::secret_data fields;
    if (root.is(json_kind::null)) return fields;
    if (!root.is(json_kind::object)) return std::nullopt;
    for (auto const [name, value] : root.members()) {
        if (!value.is(json_kind::string) && !value.is(json_kind::null)) return std::nullopt;
        fields.insert_or_assign(std::string(name), base::secret_text(value.as_string()));
    }
    return fields;
}

}  // namespace

base::result<kube::secret_data> kubernetes_data(base::secret_text&& made, base::secret_text&& value) {
    auto fields = fields_of(std::move(made));
    if (!fields) fields = fields_of(value.clone());
    if (!fields) {
        kube::secret_data whole;
        whole.emplace(whole_value_key, std::move(value));
        return whole;
    }
    for (auto const& [key, text] : *fields) VSECM_TRY_OK(kube::check_data_key(key));
    return std::move(*fields);
}

}  // namespace vsecm::store
