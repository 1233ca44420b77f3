// Bodies that travel to safe.
#include "api/fields.hpp"
#include "api/messages.hpp"
#include "codec/json_writer.hpp"

namespace vsecm::api {

using base::secret_text;
using codec::json_value;
using codec::json_writer;

namespace {

constexpr codec::json_limits request_limits{.max_bytes = 256U << 20, .max_depth = 64, .max_nodes = 65536};

// `plural` holds a list; versions before it had one name in `singular`.
base::result<std::vector<std::string>> names_field(json_value root, std::string_view plural, std::string_view singular) {
    VSECM_TRY(texts, texts_field(root, plural, max_names_in_request));
    std::vector<std::string> names(texts.begin(), texts.end());
    if (names.empty()) {
        VSECM_TRY(one, text_field(root, singular));
        if (!one.empty()) names.emplace_back(one);
    }
    return names;
}

// A number from 0, or nothing.
base::result<std::optional<std::int64_t>> number_field(json_value root, std::string_view name) {
    auto const found = field(root, name);
    if (!found) return std::nullopt;
    auto const number = found->as_int();
    if (!number || *number < 0) return base::fail(base::errc::invalid, "`{}` must be a whole number from 0", name);
    return number;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n\v\f";
    auto const first = text.find_first_not_of(space);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

void write_names(json_writer& w, std::string_view key, std::vector<std::string> const& names) {
    w.key(key).begin_array();
    for (auto const& name : names) w.string(name);
    w.end_array();
}

}  // namespace

base::result<upsert_request> parse_upsert_request(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), request_limits));
    auto const root = document.root();

    upsert_request request;
    VSECM_TRY(workloads, names_field(root, "workloads", "key"));
    VSECM_TRY(namespaces, names_field(root, "namespaces", "namespace"));
    VSECM_TRY(value, text_field(root, "value"));
    VSECM_TRY(values, texts_field(root, "values", max_names_in_request));
    VSECM_TRY(template_text, text_field(root, "template"));
    VSECM_TRY(format, text_field(root, "format"));
    VSECM_TRY(encrypt, bool_field(root, "encrypt"));
    VSECM_TRY(append, bool_field(root, "appendValue"));
    VSECM_TRY(not_before, text_field(root, "notBefore"));
    VSECM_TRY(expires, text_field(root, "expires"));
    VSECM_TRY(backing_store, text_field(root, "backingStore"));
    VSECM_TRY(if_version, number_field(root, "ifVersion"));
    request.if_version = if_version;

    if (value.empty() && values.size() == 1) value = values.front();
    if (values.size() > 1) {
        if (!value.empty()) return base::fail(base::errc::invalid, "give `value` or `values`, not both");
        for (auto const text : values) request.values.emplace_back(text);
    }
    request.workloads = std::move(workloads);
    request.namespaces = std::move(namespaces);
    request.value = secret_text(value);
    request.template_text = secret_text(template_text);
    request.format = format;
    request.encrypt = encrypt;
    request.append = append;
    request.not_before = not_before;
    request.expires = expires;
    request.backing_store = backing_store;
    return request;
}

secret_text write_upsert_request(upsert_request const& request) {
    secret_text out;
    out.reserve(request.value.size() + request.value.size() / 8 + 512);
    json_writer w(out);
    w.begin_object();
    write_names(w, "workloads", request.workloads);
    write_names(w, "namespaces", request.namespaces);
    w.member("value", request.value.view());
    if (!request.values.empty()) {
        w.key("values").begin_array();
        for (auto const& value : request.values) w.string(value.view());
        w.end_array();
    }
    w.member("template", request.template_text.view());
    w.member("format", request.format);
    w.member("encrypt", request.encrypt);
    w.member("notBefore", request.not_before);
    w.member("expires", request.expires);
    if (request.append) w.member("appendValue", true);
    if (!request.backing_store.empty()) w.member("backingStore", request.backing_store);
    if (request.if_version) w.key("ifVersion").integer(*request.if_version);
    w.end_object();
    return out;
}

base::result<delete_request> parse_delete_request(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), request_limits));
    VSECM_TRY(workloads, names_field(document.root(), "workloads", "key"));
    return delete_request{std::move(workloads)};
}

secret_text write_delete_request(delete_request const& request) {
    secret_text out;
    json_writer w(out);
    w.begin_object();
    write_names(w, "workloads", request.workloads);
    w.end_object();
    return out;
}

base::result<restore_request> parse_restore_request(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), request_limits));
    VSECM_TRY(workloads, names_field(document.root(), "workloads", "key"));
    VSECM_TRY(version, number_field(document.root(), "version"));
    VSECM_TRY(if_version, number_field(document.root(), "ifVersion"));
    return restore_request{std::move(workloads), version, if_version};
}

secret_text write_restore_request(restore_request const& request) {
    secret_text out;
    json_writer w(out);
    w.begin_object();
    write_names(w, "workloads", request.workloads);
    if (request.version) w.key("version").integer(*request.version);
    if (request.if_version) w.key("ifVersion").integer(*request.if_version);
    w.end_object();
    return out;
}

base::result<keys_request> parse_keys_request(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), {.max_bytes = 65536, .max_depth = 16, .max_nodes = 256}));
    auto const root = document.root();
    VSECM_TRY(secret_key, text_field(root, "ageSecretKey"));
    VSECM_TRY(public_key, text_field(root, "agePublicKey"));
    VSECM_TRY(cipher_key, text_field(root, "aesCipherKey"));
    VSECM_TRY(older, texts_field(root, "olderKeys", 128));
    keys_request request{secret_text(trimmed(secret_key)), std::string(trimmed(public_key)), secret_text(trimmed(cipher_key)), {}};
    for (auto const line : older) request.older.emplace_back(trimmed(line));
    return request;
}

base::result<rotation> parse_rotation(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), {.max_bytes = 4096, .max_depth = 4, .max_nodes = 64}));
    VSECM_TRY(present, text_field(document.root(), "rootKey"));
    VSECM_TRY(replaced, text_field(document.root(), "replaced"));
    VSECM_TRY(public_key, text_field(document.root(), "publicKey"));
    return rotation{std::string(present), std::string(replaced), std::string(public_key)};
}

secret_text write_rotation(rotation const& done) {
    secret_text out;
    json_writer(out).begin_object().member("rootKey", done.present).member("replaced", done.replaced).member("publicKey", done.public_key).end_object();
    return out;
}

bool names_root_key(std::string_view text) noexcept {
    constexpr std::string_view hex = "0123456789abcdef", small_letters_and_digits = "abcdefghijklmnopqrstuvwxyz0123456789";
    bool const is_id = text.size() == 8 && text.find_first_not_of(hex) == std::string_view::npos;
    bool const is_public_key = text.size() == 62 && text.starts_with("age1") && text.find_first_not_of(small_letters_and_digits) == std::string_view::npos;
    return is_id || is_public_key;
}

base::result<std::string> parse_forget_request(secret_text&& body) {
    VSECM_TRY(document, parse_object(std::move(body), {.max_bytes = 4096, .max_depth = 4, .max_nodes = 64}));
    VSECM_TRY(field, text_field(document.root(), "id"));
    auto const id = trimmed(field);
    if (!names_root_key(id)) return base::fail(base::errc::invalid, "a root key is named by its id, 8 hex characters (`safe status` lists those that are kept), or by its public key");
    return std::string(id);
}

secret_text write_forget_request(std::string_view id) {
    secret_text out;
    json_writer(out).begin_object().member("id", id).end_object();
    return out;
}

secret_text write_keys_request(keys_request const& request) {
    secret_text out;
    json_writer w(out);
    w.begin_object();
    w.member("ageSecretKey", request.age_secret_key.view());
    w.member("agePublicKey", request.age_public_key);
    w.member("aesCipherKey", request.aes_cipher_key.view());
    if (!request.older.empty()) {
        w.key("olderKeys").begin_array();
        for (auto const& line : request.older) w.string(line.view());
        w.end_array();
    }
    w.end_object();
    return out;
}

}  // namespace vsecm::api
