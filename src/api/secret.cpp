#include "api/secret.hpp"

#include "codec/utf8.hpp"

#include <algorithm>

namespace vsecm::api {

using base::errc;
using base::fail;

namespace {

bool verbatim(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view{"._:@+=-"}.find(c) != std::string_view::npos;
}

}  // namespace

std::string encode_name(std::string_view name) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(encoded_name_len(name));
    for (std::size_t i = 0; i < name.size(); ++i) {
        char const c = name[i];
        if (verbatim(c) && !(i == 0 && c == '.')) {
            out += c;
        } else {
            out += '%';
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[static_cast<unsigned char>(c) & 15];
        }
    }
    return out;
}

std::size_t encoded_name_len(std::string_view name) noexcept {
    std::size_t len = 0;
    for (std::size_t i = 0; i < name.size(); ++i) len += verbatim(name[i]) && !(i == 0 && name[i] == '.') ? 1 : 3;
    return len;
}

base::status check_secret_name(std::string_view name) {
    if (name.empty()) return fail(errc::invalid, "a secret's name must not be empty");
    if (name == "." || name == "..") return fail(errc::invalid, "a secret's name must not be `.` or `..`");
    for (char const c : name) {
        if (c == '/') return fail(errc::invalid, "a secret's name must not contain `/`");
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return fail(errc::invalid, "a secret's name must not contain control characters");
    }
    if (!codec::is_valid_utf8(name)) return fail(errc::invalid, "a secret's name must be valid UTF-8");
    if (auto const len = encoded_name_len(name); len > max_encoded_name_len)
        return fail(errc::invalid, "the secret's name takes {} bytes in the store, the limit is {}", len, max_encoded_name_len);
    return {};
}

base::status check_namespace(std::string_view name) {
    if (name.size() > 253) return fail(errc::invalid, "a namespace has at most 253 characters");
    for (char const c : name)
        if (c <= 0x20 || c >= 0x7f || c == '/')
            return fail(errc::invalid, "a namespace must be printable ASCII without spaces and `/`");
    return {};
}

classified_name classify(std::string_view name, name_prefixes const& prefixes) noexcept {
    if (!prefixes.raw.empty() && name.starts_with(prefixes.raw)) return {name_kind::raw, name.substr(prefixes.raw.size())};
    if (!prefixes.kubernetes.empty() && name.starts_with(prefixes.kubernetes))
        return {name_kind::kubernetes, name.substr(prefixes.kubernetes.size())};
    return {name_kind::workload, name};
}

std::string_view name_of(format f) noexcept {
    switch (f) {
        case format::json: return "json";
        case format::yaml: return "yaml";
        case format::raw: return "raw";
        case format::none: return "none";
    }
    return "json";
}

base::result<format> parse_format(std::string_view word) {
    std::string lower(word);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower.empty()) return format::json;
    for (auto const f : {format::json, format::yaml, format::raw, format::none})
        if (lower == name_of(f)) return f;
    return fail(errc::invalid, "the format must be json, yaml, raw or none");
}

base::result<base::system_time> parse_not_before(std::string_view text, base::system_time now) {
    if (text.empty() || text == "now") return now;
    auto parsed = base::parse_rfc3339(text);
    if (!parsed) return fail(errc::invalid, "notBefore must be `now` or a date like 2026-01-31T00:00:00Z");
    return parsed;
}

base::result<base::system_time> parse_expires(std::string_view text) {
    if (text.empty() || text == "never") return base::never();
    auto parsed = base::parse_rfc3339(text);
    if (!parsed) return fail(errc::invalid, "expires must be `never` or a date like 2026-01-31T00:00:00Z");
    return parsed;
}

}  // namespace vsecm::api
