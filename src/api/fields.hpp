// Internal to the room: typed reading of an object's fields, with errors that name the field and never its value.
#pragma once

#include "base/result.hpp"
#include "base/try.hpp"
#include "codec/json_reader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vsecm::api {

// An object, or null, which reads as an object without fields (as Go decodes it).
inline base::result<codec::json_document> parse_object(base::secret_text&& body, codec::json_limits const& limits) {
    VSECM_TRY(document, codec::json_document::parse(std::move(body), limits));
    auto const root = document.root();
    if (!root.is(codec::json_kind::object) && !root.is(codec::json_kind::null))
        return base::fail(base::errc::invalid, "the body must be a JSON object");
    return document;
}

// The field, nothing if it is absent or null.
inline std::optional<codec::json_value> field(codec::json_value object, std::string_view name) {
    auto found = object.member_ignoring_case(name);
    if (found && found->is(codec::json_kind::null)) return std::nullopt;
    return found;
}

inline base::result<std::string_view> text_field(codec::json_value object, std::string_view name) {
    auto const found = field(object, name);
    if (!found) return std::string_view{};
    if (!found->is(codec::json_kind::string)) return base::fail(base::errc::invalid, "`{}` must be a string", name);
    return found->as_string();
}

inline base::result<bool> bool_field(codec::json_value object, std::string_view name) {
    auto const found = field(object, name);
    if (!found) return false;
    if (!found->is(codec::json_kind::boolean)) return base::fail(base::errc::invalid, "`{}` must be true or false", name);
    return found->as_bool();
}

// Null elements read as "", as in Go.
inline base::result<std::vector<std::string_view>> texts_field(codec::json_value object, std::string_view name,
                                                               std::size_t max_count) {
    std::vector<std::string_view> texts;
    auto const found = field(object, name);
    if (!found) return texts;
    if (!found->is(codec::json_kind::array)) return base::fail(base::errc::invalid, "`{}` must be an array of strings", name);
    if (found->size() > max_count)
        return base::fail(base::errc::invalid, "`{}` has {} entries, the limit is {}", name, found->size(), max_count);
    texts.reserve(found->size());
    for (auto const element : found->elements()) {
        if (!element.is(codec::json_kind::string) && !element.is(codec::json_kind::null))
            return base::fail(base::errc::invalid, "`{}` must be an array of strings", name);
        texts.push_back(element.as_string());
    }
    return texts;
}

}  // namespace vsecm::api
