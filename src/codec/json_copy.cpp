#include "codec/json_copy.hpp"

namespace vsecm::codec {

void copy_json(json_writer& out, json_value value) {
    switch (value.kind()) {
        case json_kind::null: out.null(); return;
        case json_kind::boolean: out.boolean(value.as_bool()); return;
        case json_kind::number: out.raw(value.number_text()); return;
        case json_kind::string: out.string(value.as_string()); return;
        case json_kind::array:
            out.begin_array();
            for (auto const element : value.elements()) copy_json(out, element);
            out.end_array();
            return;
        case json_kind::object:
            out.begin_object();
            for (auto const [name, member] : value.members()) {
                out.key(name);
                copy_json(out, member);
            }
            out.end_object();
    }
}

}  // namespace vsecm::codec
