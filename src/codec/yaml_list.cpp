#include "codec/yaml_list.hpp"

#include "base/try.hpp"

#include <yaml-cpp/yaml.h>

#include <malloc.h>

#include <algorithm>
#include <spanstream>

namespace vsecm::codec {
namespace {

using base::errc;
using base::fail;

constexpr int overwrite_with = 0x5a;

unsigned line_of(YAML::Node const& node) { return static_cast<unsigned>(node.Mark().line + 1); }

class list_reader {
public:
    base::result<std::vector<yaml_item>> run(YAML::Node const& root) {
        if (!root.IsSequence()) return fail(errc::invalid, "line {}: a list of blocks is wanted", line_of(root));
        std::vector<yaml_item> items;
        for (auto const& node : root) {
            VSECM_TRY(item, read_item(node));
            items.push_back(std::move(item));
        }
        return items;
    }

private:
    base::status add_scalar(YAML::Node const& node, yaml_field& field) {
        if (!node.IsScalar()) return fail(errc::invalid, "line {}: a value is a text, or a list of texts", line_of(node));
        len_ += node.Scalar().size() + 64;
        if (len_ > max_values_len) return fail(errc::too_large, "the list's values, those that aliases repeat too, have more than {} bytes", max_values_len);
        field.values.emplace_back(std::string_view(node.Scalar()));
        return {};
    }

    base::result<yaml_field> read_field(YAML::Node const& name, YAML::Node const& value) {
        if (!name.IsScalar()) return fail(errc::invalid, "line {}: a field's name is a word", line_of(name));
        yaml_field field{name.Scalar(), {}, line_of(name)};
        if (!value.IsSequence()) {
            VSECM_TRY_OK(add_scalar(value, field));
            return field;
        }
        for (auto const& element : value) VSECM_TRY_OK(add_scalar(element, field));
        return field;
    }

    base::result<yaml_item> read_item(YAML::Node const& node) {
        yaml_item item{{}, line_of(node)};
        if (!node.IsMap()) return fail(errc::invalid, "line {}: an item of the list is a map of fields", item.line);
        for (auto const& pair : node) {
            VSECM_TRY(field, read_field(pair.first, pair.second));
            if (std::ranges::contains(item.fields, field.name, &yaml_field::name)) return fail(errc::invalid, "line {}: the field is given twice", field.line);
            item.fields.push_back(std::move(field));
        }
        return item;
    }

    std::size_t len_ = 0;
};

std::vector<YAML::Node> load(std::string_view text) {
    std::ispanstream in{std::span<char const>(text)};
    return YAML::LoadAll(in);
}

// yaml-cpp takes a quoted text that the end of the file cuts off for a whole one, but not one in which another document begins:
// so one is put behind it to see. The values are read without it, as it would end what they end with.
base::status check_whole(std::string_view text) {
    base::secret_text marked(text);
    marked.append(std::string_view("\n---\nend of the list\n"));
    auto const num_documents = load(marked.view()).size();
    if (num_documents != 2) return fail(errc::invalid, "one YAML document is wanted, {} came", num_documents - 1);
    return {};
}

base::result<std::vector<yaml_item>> read_documents(std::vector<YAML::Node> const& documents) {
    if (documents.size() != 1) return fail(errc::invalid, "one YAML document is wanted, {} came", documents.size());
    return list_reader().run(documents.front());
}

}  // namespace

base::result<std::vector<yaml_item>> read_yaml_list(std::string_view text) {
    ::mallopt(M_PERTURB, overwrite_with);
    try {
        VSECM_TRY_OK(check_whole(text));
        return read_documents(load(text));
    } catch (YAML::Exception const& thrown) {
        // Its own sentence is a fixed one, but may quote what it stumbled over.
        return fail(errc::invalid, "line {}, column {}: this is no YAML", thrown.mark.line + 1, thrown.mark.column + 1);
    }
}

}  // namespace vsecm::codec
