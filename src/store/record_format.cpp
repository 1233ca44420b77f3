#include "store/record_format.hpp"

#include "base/try.hpp"
#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"

namespace vsecm::store {

using base::errc;
using base::fail;
using codec::json_kind;
using codec::json_value;

namespace {

void write_strings(codec::json_writer& w, std::span<std::string_view const> texts) {
    w.begin_array();
    for (auto const text : texts) w.string(text);
    w.end_array();
}

void write_names(codec::json_writer& w, std::string_view key, std::span<std::string const> names) {
    w.key(key).begin_array();
    for (auto const& name : names) w.string(name);
    w.end_array();
}

std::string_view text_member(json_value object, std::string_view name) {
    auto const found = object.member_ignoring_case(name);
    return found ? found->as_string() : std::string_view{};
}

// Go writes 0001-01-01 for "never set"; an unreadable date is no reason to lose a secret.
base::system_time date_member(json_value object, std::string_view name, base::system_time otherwise) {
    auto const text = text_member(object, name);
    auto const parsed = base::parse_rfc3339(text);
    return parsed && !text.starts_with("0001-01-01T") ? *parsed : otherwise;
}

bool true_member(json_value object, std::string_view name) {
    auto const found = object.member(name);
    return found && found->as_bool();
}

// An array of strings, or null.
base::status read_strings(json_value array, auto&& take) {
    if (array.is(json_kind::null)) return {};
    if (!array.is(json_kind::array)) return fail(errc::corrupt, "a list of the record is not one");
    for (auto const element : array.elements()) {
        if (!element.is(json_kind::string)) return fail(errc::corrupt, "a list of the record holds something that is not text");
        take(element.as_string());
    }
    return {};
}

base::status read_values(json_value root, plain_record& record) {
    // `values`: ours, and the original up to 0.28.0 (Q6). 0.28.1 rewrites a record with `value` alone.
    if (auto const list = root.member_ignoring_case("values")) {
        VSECM_TRY_OK(read_strings(*list, [&](std::string_view v) {
            if (!v.empty()) record.values.emplace_back(v);
        }));
    }
    auto const single = root.member_ignoring_case("value");
    if (record.values.empty()) {
        if (single && !single->is(json_kind::string) && !single->is(json_kind::null))
            return fail(errc::corrupt, "the record's value is not text");
        record.values.emplace_back(single ? single->as_string() : std::string_view{});
    }

    auto transformed = root.member_ignoring_case("valueTransformed");
    if (!transformed || transformed->as_string().empty()) transformed = root.member_ignoring_case("valuesTransformed");
    if (!transformed) return {};
    if (transformed->is(json_kind::string)) {
        record.delivered = base::secret_text(transformed->as_string());
    } else {
        std::vector<std::string_view> texts;
        VSECM_TRY_OK(read_strings(*transformed, [&](std::string_view v) { texts.push_back(v); }));
        if (!texts.empty()) record.delivered = join_values(texts);
    }
    return {};
}

std::vector<std::string_view> views_of(std::vector<base::secret_text> const& values) {
    std::vector<std::string_view> views;
    views.reserve(values.size());
    for (auto const& v : values) views.push_back(v.view());
    return views;
}

}  // namespace

base::secret_text join_values(std::span<std::string_view const> values) {
    if (values.size() == 1) return base::secret_text(values.front());
    base::secret_text out;
    codec::json_writer w(out);
    write_strings(w, values);
    return out;
}

base::secret_text encode_record(plain_record const& record) {
    auto const values = views_of(record.values);
    base::secret_text out;
    std::size_t len = 1024 + record.delivered.size();
    for (auto const v : values) len += 2 * v.size();
    out.reserve(len);  // growing would copy, and wipe, what is there

    codec::json_writer w(out);
    w.begin_object();
    w.member("name", record.name);
    if (record.state == secret_state::present) {
        auto const joined = join_values(values);
        w.member("value", joined.view());
        w.member("valueTransformed", record.delivered.view());
    }
    w.key("meta").begin_object();
    write_names(w, "namespaces", record.meta.namespaces);
    if (!record.meta.leaving.empty()) write_names(w, "leaving", record.meta.leaving);
    w.member("template", record.meta.template_text).member("Format", record.meta.format);
    w.member("correlationId", record.correlation_id).end_object();
    w.member("created", base::format_rfc3339_nano(record.created)).member("updated", base::format_rfc3339_nano(record.updated));
    w.member("notBefore", base::format_rfc3339_nano(record.not_before));
    w.member("expiresAfter", base::format_rfc3339_nano(record.expires));
    if (record.state == secret_state::present) {
        w.key("values");
        write_strings(w, values);
    }
    w.key("version").integer(static_cast<std::int64_t>(record.version));
    if (record.state == secret_state::deleted) w.member("deleted", true);
    if (record.state == secret_state::vacant) w.member("vacant", true);
    w.end_object();
    return out;
}

base::result<plain_record> decode_record(base::secret_text&& json) {
    codec::json_limits limits;
    limits.max_bytes = 256U << 20;  // bounded by the file already
    auto document = codec::json_document::parse(std::move(json), limits);
    if (!document) return fail(errc::corrupt, "the record is not JSON");
    auto const root = document->root();
    if (!root.is(json_kind::object)) return fail(errc::corrupt, "the record is not a JSON object");

    plain_record record;
    record.name = text_member(root, "name");
    if (record.name.empty()) return fail(errc::corrupt, "the record does not say whose it is");
    if (auto const version = root.member("version")) {
        auto const n = version->as_int();
        if (!n || *n < 1) return fail(errc::corrupt, "the record's version is not a positive number");
        record.version = static_cast<std::uint64_t>(*n);
    }
    record.created = date_member(root, "created", {});
    record.updated = date_member(root, "updated", record.created);
    record.not_before = date_member(root, "notBefore", {});
    record.expires = date_member(root, "expiresAfter", base::never());
    if (auto const meta = root.member_ignoring_case("meta")) {
        record.meta.template_text = text_member(*meta, "template");
        record.meta.format = text_member(*meta, "format");
        record.correlation_id = text_member(*meta, "correlationId");
        if (auto const list = meta->member_ignoring_case("namespaces"))
            VSECM_TRY_OK(read_strings(*list, [&](std::string_view ns) { record.meta.namespaces.emplace_back(ns); }));
        if (auto const list = meta->member("leaving"))
            VSECM_TRY_OK(read_strings(*list, [&](std::string_view ns) { record.meta.leaving.emplace_back(ns); }));
    }
    if (true_member(root, "deleted"))
        record.state = secret_state::deleted;
    else if (true_member(root, "vacant"))
        record.state = secret_state::vacant;
    else
        VSECM_TRY_OK(read_values(root, record));
    return record;
}

}  // namespace vsecm::store
