#include "fakes/api_objects.hpp"

#include "base/encoding.hpp"
#include "codec/json_writer.hpp"

#include <algorithm>
#include <format>

namespace vsecm::test {
namespace {

using codec::json_kind, codec::json_value;
using fields = std::set<std::string>;

std::string quoted(std::string_view text) {
    base::secret_text out;
    codec::append_json_string(out, text);
    return std::string(out.view());
}

// A body as far as it matters here. `problem` is the reply to one that is wrong.
struct parsed {
    fake_secret secret;
    std::string name, uid;
    std::optional<long> version;
    bool has_type = false, has_managed_fields = false;
    std::optional<api_reply> problem;
};

std::string text_of(json_value object, std::string_view name) {
    auto const found = object.member(name);
    return found ? std::string(found->as_string()) : std::string();
}

std::map<std::string, std::string> texts_of(std::optional<json_value> object) {
    std::map<std::string, std::string> found;
    if (object)
        for (auto const [name, value] : object->members()) found[std::string(name)] = value.as_string();
    return found;
}

bool is_key(std::string_view key) {
    return !key.empty() && key.size() <= 253 && key != "." && !key.starts_with("..") &&
           key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == key.npos;
}

api_reply invalid(std::string_view cause, std::string_view field, std::string_view message) {
    return failed_reply(422, "Invalid", message,
                        std::format(R"({{"kind":"Secret","causes":[{{"reason":"{}","message":"x","field":{}}}]}})", cause, quoted(field)));
}

parsed parse(std::string const& body) {
    parsed p;
    auto const document = codec::json_document::parse(base::secret_text(body));
    if (!document || !document->root().is(json_kind::object)) {
        p.problem = failed_reply(400, "BadRequest", "the object provided is unrecognized: " + body.substr(0, 200));
        return p;
    }
    auto const root = document->root();
    auto const metadata = root.member("metadata");
    if (text_of(root, "apiVersion") != "v1" || text_of(root, "kind") != "Secret" || !metadata) {
        p.problem = failed_reply(400, "BadRequest", "Object 'Kind' is missing in '" + body.substr(0, 200) + "'");
        return p;
    }
    p.name = text_of(*metadata, "name");
    p.uid = text_of(*metadata, "uid");
    if (auto const version = text_of(*metadata, "resourceVersion"); !version.empty()) p.version = std::atol(version.c_str());
    auto const book = metadata->member("managedFields");
    p.has_managed_fields = book && book->size() > 0;
    p.secret.labels = texts_of(metadata->member("labels"));
    p.secret.annotations = texts_of(metadata->member("annotations"));
    p.has_type = root.member("type").has_value();
    if (p.has_type) p.secret.type = text_of(root, "type");
    if (auto const frozen = root.member("immutable")) p.secret.immutable = frozen->as_bool();
    std::size_t len = 0;
    for (auto& [key, value] : texts_of(root.member("data"))) {
        auto const decoded = base::base64_decode_secret(value);
        if (!decoded) {
            // As the real one: the body is quoted, and with it what is secret.
            p.problem = failed_reply(400, "BadRequest", "illegal base64 data at input byte 4, error found in #10 byte of ..." + value + "...");
            return p;
        }
        if (!is_key(key)) p.problem = invalid("FieldValueInvalid", "data[" + key + "]", "a valid config key must consist of alphanumeric characters");
        p.secret.data[key] = decoded->view();
        len += decoded->size();
    }
    if (len > 1'048'576) p.problem = invalid("FieldValueTooLong", "data", "data: Too long: must have at most 1048576 bytes");
    return p;
}

fields fields_of(fake_secret const& s) {
    fields all;
    for (auto const& [name, value] : s.data) all.insert("data." + name);
    for (auto const& [name, value] : s.labels) all.insert("labels." + name);
    for (auto const& [name, value] : s.annotations) all.insert("annotations." + name);
    return all;
}

std::map<std::string, std::string>& map_of(fake_secret& s, std::string_view field, std::string& name) {
    name = field.substr(field.find('.') + 1);
    return field.starts_with("data.") ? s.data : field.starts_with("labels.") ? s.labels : s.annotations;
}

std::optional<std::string> value_of(fake_secret s, std::string const& field) {
    std::string name;
    auto const& map = map_of(s, field, name);
    auto const at = map.find(name);
    return at == map.end() ? std::nullopt : std::optional(at->second);
}

void set_value(fake_secret& s, std::string const& field, std::optional<std::string> const& value) {
    std::string name;
    auto& map = map_of(s, field, name);
    if (value) map[name] = *value;
    else map.erase(name);
}

// A whole write: what changed is the writer's alone, what is gone is nobody's.
void book_update(fake_secret const& before, fake_secret& next, std::string const& manager) {
    next.managers = before.managers;
    auto const now = fields_of(next);
    for (auto& [who, owned] : next.managers) std::erase_if(owned, [&](auto const& f) { return !now.contains(f) || value_of(before, f) != value_of(next, f); });
    for (auto const& f : now)
        if (value_of(before, f) != value_of(next, f)) next.managers[manager + " Update"].insert(f);
    std::erase_if(next.managers, [](auto const& entry) { return entry.second.empty(); });
}

std::optional<api_reply> forbidden_change(fake_secret const& before, fake_secret const& next) {
    if (before.type != next.type) return invalid("FieldValueInvalid", "type", "type: Invalid value: field is immutable");
    if (before.immutable && (before.data != next.data || !next.immutable)) return invalid("FieldValueForbidden", "data", "data: Forbidden: field is immutable when `immutable` is set");
    return std::nullopt;
}

api_reply modified(std::string const& name) {
    return failed_reply(409, "Conflict", std::format("Operation cannot be fulfilled on secrets \"{}\": the object has been modified; please apply your changes to the latest version and try again", name));
}

}  // namespace

api_reply failed_reply(unsigned status, std::string_view reason, std::string_view message, std::string_view details) {
    return {status,
            std::format(R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":{},"reason":"{}","details":{},"code":{}}})",
                        quoted(message), reason, details, status),
            {}, {}};
}

api_reply api_objects::not_found(key const& at) const {
    return failed_reply(404, "NotFound", std::format("secrets \"{}\" not found", at.second), R"({"name":"x","kind":"secrets"})");
}

std::string api_objects::print(key const& at, fake_secret const& s) const {
    base::secret_text out;
    codec::json_writer w(out);
    auto const texts = [&](std::string_view name, std::map<std::string, std::string> const& map) {
        if (map.empty()) return;
        w.key(name).begin_object();
        for (auto const& [k, v] : map) w.member(k, v);
        w.end_object();
    };
    w.begin_object().member("kind", "Secret").member("apiVersion", "v1").key("metadata").begin_object();
    w.member("name", at.second).member("namespace", at.first).member("uid", s.uid).member("resourceVersion", std::to_string(s.resource_version));
    w.member("creationTimestamp", "2024-01-02T03:04:05Z");
    texts("labels", s.labels);
    texts("annotations", s.annotations);
    w.key("managedFields").begin_array();
    for (auto const& [who, owned] : s.managers) {
        auto const space = who.rfind(' ');
        w.begin_object().member("manager", who.substr(0, space)).member("operation", who.substr(space + 1)).member("apiVersion", "v1");
        w.member("fieldsType", "FieldsV1").key("fieldsV1").begin_object().key("f:data").begin_object();
        for (auto const& f : owned)
            if (f.starts_with("data.")) w.key("f:" + f.substr(5)).begin_object().end_object();
        w.end_object().end_object().end_object();
    }
    w.end_array().end_object();
    w.key("data").begin_object();
    for (auto const& [k, v] : s.data) w.member(k, base::base64_encode(base::as_bytes(v)));
    w.end_object().member("type", s.type);
    if (s.immutable) w.member("immutable", true);
    w.end_object();
    return std::string(out.view());
}

api_reply api_objects::written(key const& at, fake_secret next, unsigned status) {
    if (next.uid.empty()) next.uid = std::format("uid-{}", next_version_);
    auto const there = secrets.find(at);
    bool const same = there != secrets.end() && there->second.data == next.data && there->second.labels == next.labels &&
                      there->second.annotations == next.annotations && there->second.managers == next.managers;
    if (!same) next.resource_version = ++next_version_;  // a write that changes nothing is none
    secrets[at] = std::move(next);
    return {status, print(at, secrets[at]), {}, {}};
}

void api_objects::store(key const& at, fake_secret secret, std::string const& manager) {
    fake_secret const before = secrets.contains(at) ? secrets[at] : fake_secret{};
    auto const space = manager.rfind(' ');
    if (secret.managers.empty()) book_update(before, secret, manager.substr(0, space));
    secret.uid = before.uid;
    (void)written(at, std::move(secret), 200);
}

api_reply api_objects::get(key const& at) const {
    auto const found = secrets.find(at);
    return found == secrets.end() ? not_found(at) : api_reply{200, print(at, found->second), {}, {}};
}

api_reply api_objects::create(key const& at, std::string const& manager, std::string const& body) {
    auto p = parse(body);
    if (p.problem) return *p.problem;
    if (!namespaces.contains(at.first)) return failed_reply(404, "NotFound", std::format("namespaces \"{}\" not found", at.first), R"({"name":"x","kind":"namespaces"})");
    key const where{at.first, p.name};
    if (secrets.contains(where)) return failed_reply(409, "AlreadyExists", std::format("secrets \"{}\" already exists", p.name), R"({"kind":"secrets"})");
    book_update({}, p.secret, manager);
    return written(where, std::move(p.secret), 201);
}

api_reply api_objects::replace(key const& at, std::string const& manager, std::string const& body) {
    auto p = parse(body);
    if (p.problem) return *p.problem;
    auto const found = secrets.find(at);
    if (found == secrets.end()) return not_found(at);
    auto const& before = found->second;
    if ((p.version && *p.version != before.resource_version) || (!p.uid.empty() && p.uid != before.uid)) return modified(at.second);
    if (!p.has_type) p.secret.type = before.type;
    if (auto const problem = forbidden_change(before, p.secret)) return *problem;
    p.secret.uid = before.uid;
    p.secret.resource_version = before.resource_version;
    book_update(before, p.secret, manager);
    return written(at, std::move(p.secret), 200);
}

api_reply api_objects::apply(key const& at, std::string const& manager, bool force, std::string const& body) {
    auto p = parse(body);
    if (p.problem) return *p.problem;
    if (manager.empty()) return failed_reply(422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
    if (p.has_managed_fields) return failed_reply(400, "BadRequest", "metadata.managedFields must be nil");
    if (!namespaces.contains(at.first)) return failed_reply(404, "NotFound", std::format("namespaces \"{}\" not found", at.first), R"({"name":"x","kind":"namespaces"})");
    bool const exists = secrets.contains(at);
    fake_secret const before = exists ? secrets[at] : fake_secret{};
    if (!p.uid.empty() && p.uid != before.uid) return exists ? invalid("FieldValueInvalid", "metadata.uid", "field is immutable") : modified(at.second);
    if (p.version && *p.version != before.resource_version) return modified(at.second);

    auto next = before;
    auto const own = manager + " Apply";
    auto const wanted = fields_of(p.secret);
    std::string causes;
    for (auto const& f : wanted) {
        bool const changes = value_of(before, f) != value_of(p.secret, f);
        for (auto& [who, owned] : next.managers) {
            if (who == own || !owned.contains(f) || !changes) continue;
            if (force) owned.erase(f);
            else causes += std::format(R"({}{{"reason":"FieldManagerConflict","message":"conflict with \"{}\"","field":".{}"}})", causes.empty() ? "" : ",", who.substr(0, who.rfind(' ')), f);
        }
    }
    if (!causes.empty())
        return failed_reply(409, "Conflict", "Apply failed with conflicts", R"({"kind":"secrets","causes":[)" + causes + "]}");
    for (auto const& f : wanted) set_value(next, f, value_of(p.secret, f));
    // What we owned and do not send any more goes, unless somebody else owns it too.
    for (auto const& f : fields(next.managers[own])) {
        if (wanted.contains(f)) continue;
        next.managers[own].erase(f);
        bool const shared = std::ranges::any_of(next.managers, [&](auto const& entry) { return entry.second.contains(f); });
        if (!shared) set_value(next, f, std::nullopt);
    }
    next.managers[own] = wanted;
    std::erase_if(next.managers, [](auto const& entry) { return entry.second.empty(); });
    if (exists)
        if (auto const problem = forbidden_change(before, next)) return *problem;
    return written(at, std::move(next), exists ? 200 : 201);
}

api_reply api_objects::remove(key const& at, std::string const& body) {
    auto const found = secrets.find(at);
    if (found == secrets.end()) return not_found(at);
    if (!body.empty()) {
        auto const document = codec::json_document::parse(base::secret_text(body));
        if (!document) return failed_reply(400, "BadRequest", "no DeleteOptions");
        if (auto const expected = document->root().member("preconditions")) {
            auto const uid = text_of(*expected, "uid"), version = text_of(*expected, "resourceVersion");
            if ((!uid.empty() && uid != found->second.uid) || (!version.empty() && version != std::to_string(found->second.resource_version))) return modified(at.second);
        }
    }
    secrets.erase(found);
    return {200, R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"})", {}, {}};
}

}  // namespace vsecm::test
