// Any bytes as a request and as an answer: refused or read. What is read is written again and read back the same.
#include "api/messages.hpp"
#include "base/check.hpp"
#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"

#include <cstdint>

using namespace vsecm;
using codec::json_kind;

namespace {

void write(codec::json_writer& out, codec::json_value value) {
    switch (value.kind()) {
        case json_kind::null: out.null(); break;
        case json_kind::boolean: out.boolean(value.as_bool()); break;
        case json_kind::number: out.raw(value.number_text()); break;
        case json_kind::string: out.string(value.as_string()); break;
        case json_kind::array:
            out.begin_array();
            for (auto const element : value.elements()) write(out, element);
            out.end_array();
            break;
        case json_kind::object:
            out.begin_object();
            for (auto const [name, member] : value.members()) {
                out.key(name);
                write(out, member);
            }
            out.end_object();
    }
}

base::secret_text written(codec::json_document const& document) {
    base::secret_text text;
    codec::json_writer out(text);
    write(out, document.root());
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t len) {
    base::byte_view const bytes(data, len);
    auto const document = codec::json_document::parse(base::secret_text(bytes));
    if (document) {
        auto const once = written(*document);
        auto const again = codec::json_document::parse(once.clone());
        VSECM_CHECK(again.has_value());
        VSECM_CHECK(written(*again).view() == once.view());
    }
    if (auto const request = api::parse_upsert_request(base::secret_text(bytes)); request && request->values.empty()) {
        auto const back = api::parse_upsert_request(api::write_upsert_request(*request));
        VSECM_CHECK(back && back->value.view() == request->value.view() && back->workloads == request->workloads);
    }
    (void)api::parse_keys_request(base::secret_text(bytes)).has_value();
    (void)api::parse_fetch_response(base::secret_text(bytes)).has_value();
    if (auto const list = api::parse_secret_list(base::secret_text(bytes)))
        VSECM_CHECK(api::parse_secret_list(api::write_secret_list(*list)).has_value());
    (void)api::parse_error_body(400, base::secret_text(bytes));
    return 0;
}
