// The wire contract's names: paths, header names, and which route a request is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vsecm::api {

inline constexpr std::string_view path_keystone = "/sentinel/v1/keystone";
inline constexpr std::string_view path_secrets = "/sentinel/v1/secrets";
// The original's clients percent-encode the question mark, so its server matches it as part of the decoded path.
inline constexpr std::string_view path_secrets_reveal = "/sentinel/v1/secrets?reveal=true";
inline constexpr std::string_view wire_secrets_reveal = "/sentinel/v1/secrets%3Freveal=true";  // what a client sends
// Ours, beside the original's: no client of its ever asks for them.
inline constexpr std::string_view path_versions = "/sentinel/v1/secrets/versions";  // ?name=NAME
inline constexpr std::string_view path_rollback = "/sentinel/v1/secrets/rollback";
inline constexpr std::string_view path_undelete = "/sentinel/v1/secrets/undelete";
inline constexpr std::string_view path_keys = "/sentinel/v1/keys";
inline constexpr std::string_view path_rotate_key = "/sentinel/v1/keys/rotate";  // ours, as the next
inline constexpr std::string_view path_forget_key = "/sentinel/v1/keys/forget";
inline constexpr std::string_view path_status = "/sentinel/v1/status";  // ours: how safe is, for `safe status`
inline constexpr std::string_view path_workload_secrets = "/workload/v1/secrets";

inline constexpr std::string_view header_server = "Vsecm-Server";    // "vsecm/<version>"; absent from an original safe
inline constexpr std::string_view header_reason = "Vsecm-Reason";    // on 404: absent | deleted | not-yet | expired
inline constexpr std::string_view header_warning = "Vsecm-Warning";  // one sentence each, for people
inline constexpr std::string_view server_token = "vsecm/" VSECM_VERSION;

// What the original lets Go sniff for every body it sends.
inline constexpr std::string_view content_type_text = "text/plain; charset=utf-8";
inline constexpr std::string_view content_type_json = "application/json";  // ours, for errors

inline constexpr std::string_view body_ok = "OK";

enum class route {
    keystone,        // GET    /sentinel/v1/keystone
    list,            // GET    /sentinel/v1/secrets
    list_encrypted,  // GET    /sentinel/v1/secrets%3Freveal=true, and ?reveal=true as a query
    upsert,          // POST   /sentinel/v1/secrets
    remove,          // DELETE /sentinel/v1/secrets
    versions,        // GET    /sentinel/v1/secrets/versions?name=NAME
    rollback,        // POST   /sentinel/v1/secrets/rollback
    undelete,        // POST   /sentinel/v1/secrets/undelete
    keys,            // POST   /sentinel/v1/keys
    rotate_key,      // POST   /sentinel/v1/keys/rotate
    forget_key,      // POST   /sentinel/v1/keys/forget
    status,          // GET    /sentinel/v1/status
    fetch,           // GET    /workload/v1/secrets
    clerk_upsert,    // POST   /workload/v1/secrets (raw: names only)
    wrong_method,    // a path of ours, another method: 405
    unknown,         // 400
};

// `path` is percent-decoded, without the query; `query` is what followed a real '?'.
route match_route(std::string_view method, std::string_view path, std::string_view query) noexcept;
// Stable lower-case word for logs and the audit: "list_encrypted".
std::string_view name_of(route r) noexcept;
// The methods of a path, for the Allow header of a 405; empty for an unknown path.
std::string_view allowed_methods(std::string_view path) noexcept;

// Why a workload receives nothing.
enum class absence { absent, deleted, not_yet, expired };
std::string_view name_of(absence reason) noexcept;  // the words of header_reason
std::optional<absence> parse_absence(std::string_view word) noexcept;

// What a client sends to ask for the versions of a name: path and query, escaped.
std::string versions_target(std::string_view name);

// Query `wait=SECONDS` of a fetch: nothing if it is not there; whole seconds, 0 for nonsense (answers at once).
std::optional<unsigned> wait_seconds(std::string_view query) noexcept;

}  // namespace vsecm::api
