// Bodies that travel from safe.
#include "api/messages.hpp"

#include "api/fields.hpp"
#include "api/http_status.hpp"
#include "codec/json_writer.hpp"

namespace vsecm::api {

using base::secret_text;
using codec::json_kind;
using codec::json_value;
using codec::json_writer;
using base::errc;
using base::system_time;

namespace {

constexpr codec::json_limits response_limits{.max_bytes = max_response_len, .max_depth = 64, .max_nodes = 8U << 20};

// What Go's zero time prints: the original's clients parse these fields.
std::string date_text(std::optional<system_time> t) { return t ? base::format_rfc3339(*t) : "0001-01-01T00:00:00Z"; }

std::optional<system_time> date_field(json_value object, std::string_view name) {
    auto const found = field(object, name);
    if (!found) return std::nullopt;
    auto text = found->as_string();
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    auto parsed = base::parse_rfc3339(text);  // 0.22.0 wrote another form: then the date is unknown, the rest still counts
    return parsed ? std::optional{*parsed} : std::nullopt;
}

void write_quoted_date(secret_text& out, std::optional<system_time> t) {
    if (!t) {
        out.append(std::string_view{"\"\""});
        return;
    }
    out.append(std::string_view{"\"\\\""});
    out.append(base::format_rfc3339(*t));
    out.append(std::string_view{"\\\"\""});
}

void write_item(json_writer& w, secret_item const& item) {
    w.begin_object();
    w.member("name", item.name);
    if (item.encrypted.size() == 1) {
        w.member("value", item.encrypted.front());
    } else if (!item.encrypted.empty()) {
        w.key("value").begin_array();
        for (auto const& value : item.encrypted) w.string(value);
        w.end_array();
    }
    w.member("created", date_text(item.created));
    w.member("updated", date_text(item.updated));
    w.member("notBefore", date_text(item.not_before));
    w.member("expiresAfter", date_text(item.expires_after));
    if (!item.status.empty()) w.member("status", item.status);
    if (item.version != 0) w.key("version").integer(item.version);
    if (!item.namespaces.empty()) {
        w.key("namespaces").begin_array();
        for (auto const& name : item.namespaces) w.string(name);
        w.end_array();
    }
    w.end_object();
}

base::result<secret_item> parse_item(json_value from) {
    if (!from.is(json_kind::object)) return base::fail(errc::invalid, "`secrets` must be an array of objects");
    secret_item item;
    VSECM_TRY(name, text_field(from, "name"));
    item.name = name;
    if (auto const value = field(from, "value")) {
        if (value->is(json_kind::string)) {
            item.encrypted.emplace_back(value->as_string());
        } else {
            VSECM_TRY(values, texts_field(from, "value", max_names_in_request));
            item.encrypted.assign(values.begin(), values.end());
            item.encrypted_is_array = true;
        }
    }
    item.created = date_field(from, "created");
    item.updated = date_field(from, "updated");
    item.not_before = date_field(from, "notBefore");
    item.expires_after = date_field(from, "expiresAfter");
    VSECM_TRY(status, text_field(from, "status"));
    item.status = status;
    if (auto const version = field(from, "version")) item.version = version->as_int().value_or(0);
    VSECM_TRY(namespaces, texts_field(from, "namespaces", max_names_in_request));
    item.namespaces.assign(namespaces.begin(), namespaces.end());
    return item;
}

// The code a word of ours names; nothing for a word we do not know.
std::optional<errc> parse_errc(std::string_view word) {
    for (int i = 0; i <= static_cast<int>(errc::internal); ++i)
        if (word == base::name_of(static_cast<errc>(i))) return static_cast<errc>(i);
    return std::nullopt;
}

}  // namespace

void write_fetch_response(secret_text& out, std::string_view data, std::optional<system_time> created,
                          std::optional<system_time> updated) {
    out.reserve(out.size() + data.size() + data.size() / 8 + 112);
    out.append(std::string_view{"{\"data\":"});
    codec::append_json_string(out, data);
    out.append(std::string_view{",\"created\":"});
    write_quoted_date(out, created);
    out.append(std::string_view{",\"updated\":"});
    write_quoted_date(out, updated);
    out.push_back('}');
}

base::result<fetch_response> parse_fetch_response(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), response_limits));
    auto const root = document.root();
    VSECM_TRY(data, text_field(root, "data"));
    return fetch_response{secret_text(data), date_field(root, "created"), date_field(root, "updated")};
}

secret_text write_secret_list(secret_list const& list) {
    secret_text out;
    out.reserve(64 + list.secrets.size() * 256);
    json_writer w(out);
    w.begin_object().key("secrets").begin_array();
    for (auto const& item : list.secrets) write_item(w, item);
    w.end_array();
    if (!list.algorithm.empty()) w.member("algorithm", list.algorithm);
    w.end_object();
    return out;
}

base::result<secret_list> parse_secret_list(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), response_limits));
    auto const root = document.root();
    secret_list list;
    VSECM_TRY(algorithm, text_field(root, "algorithm"));
    list.algorithm = algorithm;
    if (auto const secrets = field(root, "secrets")) {
        if (!secrets->is(json_kind::array)) return base::fail(errc::invalid, "`secrets` must be an array of objects");
        list.secrets.reserve(secrets->size());
        for (auto const element : secrets->elements()) {
            VSECM_TRY(item, parse_item(element));
            list.secrets.push_back(std::move(item));
        }
    }
    return list;
}

secret_text write_versions(version_items const& list) {
    secret_text out;
    json_writer w(out);
    w.begin_object().member("name", list.name).key("versions").begin_array();
    for (auto const& item : list.versions) {
        w.begin_object().key("version").integer(item.version);
        w.member("state", item.state);
        if (item.updated) w.member("updated", base::format_rfc3339(*item.updated));
        w.key("size").integer(item.size);
        w.end_object();
    }
    w.end_array().end_object();
    return out;
}

base::result<version_items> parse_versions(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), response_limits));
    version_items list;
    VSECM_TRY(name, text_field(document.root(), "name"));
    list.name = name;
    auto const versions = field(document.root(), "versions");
    if (!versions || !versions->is(json_kind::array)) return base::fail(errc::invalid, "`versions` must be an array of objects");
    for (auto const element : versions->elements()) {
        if (!element.is(json_kind::object)) return base::fail(errc::invalid, "`versions` must be an array of objects");
        version_item item;
        if (auto const number = field(element, "version")) item.version = number->as_int().value_or(0);
        if (auto const size = field(element, "size")) item.size = size->as_int().value_or(0);
        VSECM_TRY(state, text_field(element, "state"));
        item.state = state;
        item.updated = date_field(element, "updated");
        list.versions.push_back(std::move(item));
    }
    return list;
}

secret_text write_keystone_status(bool ready) {
    return secret_text(ready ? R"({"status":"ready"})" : R"({"status":"pending"})");
}

base::result<bool> parse_keystone_status(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), {.max_bytes = 65536, .max_depth = 16, .max_nodes = 256}));
    VSECM_TRY(status, text_field(document.root(), "status"));
    if (status == "ready") return true;
    if (status == "pending") return false;
    return base::fail(errc::invalid, "`status` must be ready or pending");
}

secret_text write_error_body(base::error const& e) {
    secret_text out;
    json_writer w(out);
    w.begin_object().member("err", e.what).member("code", base::name_of(e.code)).end_object();
    return out;
}

base::error parse_error_body(int http_status, secret_text&& body) {
    base::error e{errc_of_http_status(http_status), {}};
    if (!body.empty() && body.size() <= 65536) {
        if (auto document = parse_object(std::move(body), {.max_bytes = 65536, .max_depth = 16, .max_nodes = 256})) {
            if (auto const err = text_field(document->root(), "err")) e.what = *err;
            if (auto const word = text_field(document->root(), "code"))
                if (auto const code = parse_errc(*word); code && *code != errc::cancelled) e.code = *code;
        }
    }
    if (e.what.empty()) e.what = std::format("the server answered {} without a reason", http_status);
    return e;
}

}  // namespace vsecm::api
