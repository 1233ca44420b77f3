#include "kube/secret_object.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "codec/json_copy.hpp"

namespace vsecm::kube {
namespace {

using base::errc, base::fail;
using codec::json_kind, codec::json_value, codec::json_writer;

std::string_view text_of(std::optional<json_value> value) { return value ? value->as_string() : std::string_view{}; }

void write_value(json_writer& out, std::string_view key, base::secret_text const& value) {
    base::secret_text encoded;
    encoded.reserve(value.size() / 3 * 4 + 4);  // growing would copy, and wipe, what is there
    base::base64_append(encoded, value.bytes());
    out.key(key).string(encoded.view());
}

std::size_t written_len(secret_data const* data) {
    std::size_t len = 1024;
    if (data == nullptr) return len;
    for (auto const& [key, value] : *data) len += key.size() + value.size() / 3 * 4 + 16;
    return len;
}

void begin_secret(json_writer& out, secret_ref const& where, std::string_view uid) {
    out.begin_object().member("apiVersion", "v1").member("kind", "Secret");
    out.key("metadata").begin_object().member("name", where.name).member("namespace", where.space);
    if (!uid.empty()) out.member("uid", uid);
}

// A map of texts with one of them set to `owner`, or removed, and others left out.
void write_labels(json_writer& out, std::optional<json_value> labels, std::string_view owner) {
    out.key("labels").begin_object();
    if (labels)
        for (auto const [name, value] : labels->members())
            if (name != owner_label) out.member(name, value.as_string());
    if (!owner.empty()) out.member(owner_label, owner);
    out.end_object();
}

void write_annotations(json_writer& out, json_value annotations, std::set<std::string, std::less<>> const& without) {
    out.key("annotations").begin_object();
    for (auto const [name, value] : annotations.members())
        if (!without.contains(name)) out.member(name, value.as_string());
    out.end_object();
}

void write_metadata(json_writer& out, json_value metadata, secret_changes const& changes) {
    out.key("metadata").begin_object();
    for (auto const [name, value] : metadata.members()) {
        if (name == "labels" || name == "managedFields") continue;  // the server keeps that book itself
        if (name == "annotations") {
            write_annotations(out, value, changes.removed_annotations);
        } else {
            out.key(name);
            codec::copy_json(out, value);
        }
    }
    write_labels(out, metadata.member("labels"), changes.owner);
    out.end_object();
}

void write_data(json_writer& out, std::optional<json_value> data, secret_changes const& changes) {
    out.key("data").begin_object();
    if (data)
        for (auto const [key, value] : data->members())
            if (!changes.removed_keys.contains(key) && !(changes.set && changes.set->contains(key))) out.member(key, value.as_string());
    if (changes.set)
        for (auto const& [key, value] : *changes.set) write_value(out, key, value);
    out.end_object();
}

}  // namespace

base::result<secret_object> secret_object::parse(base::secret_text&& json) {
    auto document = codec::json_document::parse(std::move(json));
    if (!document) return fail(errc::corrupt, "what it answered is no Secret: {}", document.error().what);
    auto const root = document->root();
    auto const metadata = root.member("metadata");
    if (text_of(root.member("kind")) != "Secret" || !metadata || !metadata->is(json_kind::object))
        return fail(errc::corrupt, "what it answered is no Secret");
    return secret_object(*std::move(document));
}

std::string_view secret_object::metadata(std::string_view name) const { return text_of(member("metadata")->member(name)); }

std::string_view secret_object::text_at(std::string_view map, std::string_view name) const {
    auto const found = member("metadata")->member(map);
    return found ? text_of(found->member(name)) : std::string_view{};
}

bool secret_object::is_immutable() const {
    auto const said = member("immutable");
    return said && said->as_bool();
}

std::set<std::string, std::less<>> secret_object::keys() const {
    std::set<std::string, std::less<>> found;
    if (auto const data = member("data"))
        for (auto const [key, value] : data->members()) found.emplace(key);
    return found;
}

bool secret_object::has(std::string_view key, base::byte_view value) const {
    auto const data = member("data");
    auto const there = data ? data->member(key) : std::nullopt;
    if (!there) return false;
    base::secret_text encoded;
    base::base64_append(encoded, value);
    return base::equal_constant_time(base::as_bytes(there->as_string()), encoded.bytes());
}

base::result<std::optional<base::secret_text>> secret_object::value(std::string_view key) const {
    auto const data = member("data");
    auto const there = data ? data->member(key) : std::nullopt;
    if (!there) return std::nullopt;
    auto decoded = base::base64_decode_secret(there->as_string());
    if (!decoded) return fail(errc::corrupt, "a value of the Secret is not base64");
    return std::optional(std::move(*decoded));
}

key_owners secret_object::owners(std::string_view key) const {
    key_owners found;
    auto const book = member("metadata")->member("managedFields");
    if (!book) return found;
    auto const wanted = "f:" + std::string(key);
    for (auto const entry : book->elements()) {
        auto const fields = entry.member("fieldsV1");
        auto const data = fields ? fields->member("f:data") : std::nullopt;
        if (!data || !data->member(wanted)) continue;
        auto const manager = text_of(entry.member("manager"));
        bool const applied = text_of(entry.member("operation")) == "Apply";
        if (manager == field_manager && applied) found.our_apply = true;
        else if (manager == field_manager || manager == original_field_manager) found.our_update = true;
        else found.others = true;
    }
    return found;
}

base::secret_text secret_object::rewritten(secret_changes const& changes) const {
    base::secret_text text;
    text.reserve(written_len(changes.set) + 64 * 1024);
    json_writer out(text);
    out.begin_object();
    for (auto const [name, value] : document_.root().members()) {
        if (name == "metadata" || name == "data") continue;
        out.key(name);
        codec::copy_json(out, value);
    }
    write_metadata(out, *member("metadata"), changes);
    write_data(out, member("data"), changes);
    out.end_object();
    return text;
}

base::secret_text write_secret(secret_ref const& where, secret_data const& data, std::string_view uid) {
    base::secret_text text;
    text.reserve(written_len(&data));
    json_writer out(text);
    begin_secret(out, where, uid);
    out.key("labels").begin_object().member(owner_label, owner_value).end_object().end_object();
    out.key("data").begin_object();
    for (auto const& [key, value] : data) write_value(out, key, value);
    out.end_object().end_object();
    return text;
}

}  // namespace vsecm::kube
