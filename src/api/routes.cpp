#include "api/routes.hpp"

#include "api/secret.hpp"

#include <algorithm>
#include <charconv>

namespace vsecm::api {
namespace {

struct row {
    std::string_view method, path;
    route to;
};

constexpr row table[] = {
    {"GET", path_workload_secrets, route::fetch},
    {"POST", path_workload_secrets, route::clerk_upsert},
    {"GET", path_secrets, route::list},
    {"POST", path_secrets, route::upsert},
    {"DELETE", path_secrets, route::remove},
    {"GET", path_secrets_reveal, route::list_encrypted},
    {"GET", path_keystone, route::keystone},
    {"GET", path_versions, route::versions},
    {"POST", path_rollback, route::rollback},
    {"POST", path_undelete, route::undelete},
    {"POST", path_keys, route::keys},
    {"POST", path_rotate_key, route::rotate_key},
    {"POST", path_forget_key, route::forget_key},
    {"GET", path_status, route::status},
};

// The value of `name=` among a query's pairs; nothing if it is not there. Not decoded: ours need no escapes.
std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        auto const pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
    }
    return std::nullopt;
}

}  // namespace

route match_route(std::string_view method, std::string_view path, std::string_view query) noexcept {
    bool known_path = false;
    for (auto const& r : table) {
        if (r.path != path) continue;
        known_path = true;
        if (r.method != method) continue;
        return r.to == route::list && query_value(query, "reveal") == "true" ? route::list_encrypted : r.to;
    }
    return known_path ? route::wrong_method : route::unknown;
}

std::string_view name_of(route r) noexcept {
    switch (r) {
        case route::keystone: return "keystone";
        case route::list: return "list";
        case route::list_encrypted: return "list_encrypted";
        case route::upsert: return "upsert";
        case route::remove: return "remove";
        case route::versions: return "versions";
        case route::rollback: return "rollback";
        case route::undelete: return "undelete";
        case route::keys: return "keys";
        case route::rotate_key: return "rotate_key";
        case route::forget_key: return "forget_key";
        case route::status: return "status";
        case route::fetch: return "fetch";
        case route::clerk_upsert: return "clerk_upsert";
        case route::wrong_method: return "wrong_method";
        case route::unknown: return "unknown";
    }
    return "unknown";
}

std::string_view allowed_methods(std::string_view path) noexcept {
    if (path == path_secrets) return "GET, POST, DELETE";
    if (path == path_workload_secrets) return "GET, POST";
    if (path == path_keys || path == path_rotate_key || path == path_forget_key || path == path_rollback || path == path_undelete) return "POST";
    if (path == path_keystone || path == path_secrets_reveal || path == path_status || path == path_versions) return "GET";
    return {};
}

std::string_view name_of(absence reason) noexcept {
    switch (reason) {
        case absence::absent: return "absent";
        case absence::deleted: return "deleted";
        case absence::not_yet: return "not-yet";
        case absence::expired: return "expired";
    }
    return "absent";
}

std::optional<absence> parse_absence(std::string_view word) noexcept {
    for (auto const reason : {absence::absent, absence::deleted, absence::not_yet, absence::expired})
        if (word == name_of(reason)) return reason;
    return std::nullopt;
}

std::string versions_target(std::string_view name) {
    auto target = std::string(path_versions) + "?name=";
    for (char const c : encode_name(name)) {
        if (c == '+')
            target += "%2B";  // in a query it would be a space
        else
            target += c;
    }
    return target;
}

std::optional<unsigned> wait_seconds(std::string_view query) noexcept {
    auto const text = query_value(query, "wait");
    if (!text) return std::nullopt;
    unsigned seconds = 0;
    auto const [end, bad] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    return bad == std::errc{} && end == text->data() + text->size() ? seconds : 0;
}

}  // namespace vsecm::api
