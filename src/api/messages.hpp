// Request and response bodies, as structs and as JSON. The server parses requests and writes responses, clients the other
// way round; both directions are here so that they cannot drift apart. Bodies are byte for byte the original's.
//
// Parsing accepts what every version from 0.22 sends: field names in any case, unknown fields ignored, `null` as empty,
// old names (key, namespace, appendValue, backingStore, values). A wrong type is errc::invalid naming the field; values
// are never repeated in errors.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::api {

inline constexpr std::size_t max_names_in_request = 1000;       // workloads, and namespaces, of one request
inline constexpr std::size_t max_response_len = 256U << 20;     // what a client reads of a list at most

// POST /sentinel/v1/secrets, and the body of DELETE.
struct upsert_request {
    std::vector<std::string> workloads;   // empty with encrypt: encrypt only
    std::vector<std::string> namespaces;  // empty: {"default"}
    base::secret_text value;
    std::vector<base::secret_text> values;  // newest first; only when the request carried several
    base::secret_text template_text;
    std::string format;           // as sent: see parse_format
    bool encrypt = false;         // `value` is base64 ciphertext (with workloads), or is to become it (without)
    bool append = false;          // put the value in front of those there, instead of replacing them
    std::string not_before;       // as sent: see parse_not_before
    std::string expires;
    std::string backing_store;    // "", "file" or "memory", as older versions had per secret
    std::optional<std::int64_t> if_version;  // conflict unless the stored version is this one (0: must not exist)
};
base::result<upsert_request> parse_upsert_request(base::secret_text&& body);
// The original's object; fields it does not know (appendValue, backingStore, ifVersion) only when they are set.
base::secret_text write_upsert_request(upsert_request const& request);

struct delete_request {
    std::vector<std::string> workloads;
};
base::result<delete_request> parse_delete_request(base::secret_text&& body);
base::secret_text write_delete_request(delete_request const& request);

// POST /sentinel/v1/secrets/rollback (`version` says to which) and …/undelete (no `version`). Ours alone.
struct restore_request {
    std::vector<std::string> workloads;
    std::optional<std::int64_t> version;
    std::optional<std::int64_t> if_version;  // conflict unless the stored version, or that of the deletion, is this one
};
base::result<restore_request> parse_restore_request(base::secret_text&& body);
base::secret_text write_restore_request(restore_request const& request);

// POST /sentinel/v1/keys, and /rotate below it when the operator gives the new key. Fields are trimmed on parsing; an absent
// one is empty. `older`, one line each, is ours: keys that were replaced.
struct keys_request {
    base::secret_text age_secret_key;
    std::string age_public_key;
    base::secret_text aes_cipher_key;
    std::vector<base::secret_text> older;
    bool empty() const noexcept { return age_secret_key.empty() && age_public_key.empty() && aes_cipher_key.empty() && older.empty(); }
};
base::result<keys_request> parse_keys_request(base::secret_text&& body);
base::secret_text write_keys_request(keys_request const& request);

// POST /sentinel/v1/keys/rotate. What it asks is a keys_request, or {}: safe makes the key. Its answer, ids but for the last:
struct rotation {
    std::string present, replaced;
    std::string public_key;
};
base::result<rotation> parse_rotation(base::secret_text&& body);
base::secret_text write_rotation(rotation const& done);

// What an operator may call a root key: its id, 8 hex characters, or its public key (age1…).
bool names_root_key(std::string_view text) noexcept;
// POST /sentinel/v1/keys/forget: {"id":"…"}. errc::invalid, quoting nothing, for what names no key: it may be one.
base::result<std::string> parse_forget_request(base::secret_text&& body);
base::secret_text write_forget_request(std::string_view id);

// GET /workload/v1/secrets, 200. On the wire `created` and `updated` carry quotation marks inside the JSON string, as the
// original's do; the struct does not. No dates (a scout's answer): both are "".
struct fetch_response {
    base::secret_text data;
    std::optional<base::system_time> created;
    std::optional<base::system_time> updated;
};
void write_fetch_response(base::secret_text& out, std::string_view data, std::optional<base::system_time> created,
                          std::optional<base::system_time> updated);
base::result<fetch_response> parse_fetch_response(base::secret_text&& body);

// GET /sentinel/v1/secrets and its encrypted form.
struct secret_item {
    std::string name;
    std::vector<std::string> encrypted;  // base64; we write one, originals up to 0.28.0 an array
    bool encrypted_is_array = false;     // parsed as an array (even of one)
    std::optional<base::system_time> created, updated, not_before, expires_after;  // nothing if unreadable
    // Ours; the original's clients ignore them. Written only when set.
    std::string status;                  // "damaged", "expired", "deleted"; of k8s: names "synced", "waiting", "failing"; else empty
    std::int64_t version = 0;
    std::vector<std::string> namespaces;
};
struct secret_list {
    std::vector<secret_item> secrets;
    std::string algorithm;  // "age", "aes-256-gcm", "aes" (an original's CFB); empty in the plain list
};
base::secret_text write_secret_list(secret_list const& list);
base::result<secret_list> parse_secret_list(base::secret_text&& body);

// GET /sentinel/v1/secrets/versions?name=…: newest first, never a value.
struct version_item {
    std::int64_t version = 0;                  // 0: not known (a damaged current one)
    std::string state;                         // "current", "earlier", "deleted", "damaged"
    std::optional<base::system_time> updated;  // nothing if not known
    std::int64_t size = 0;                     // bytes of the value
};
struct version_items {
    std::string name;
    std::vector<version_item> versions;
};
base::secret_text write_versions(version_items const& list);
base::result<version_items> parse_versions(base::secret_text&& body);

// GET /sentinel/v1/keystone: {"status":"ready"} or {"status":"pending"}.
base::secret_text write_keystone_status(bool ready);
base::result<bool> parse_keystone_status(base::secret_text&& body);

// Every failure of ours: {"err":"a sentence","code":"sealed"}. `code` is name_of(errc).
base::secret_text write_error_body(base::error const& e);
// What a client makes of a failure answer: code and sentence of the body if it is ours, else by the status alone. Never
// errc::cancelled, whatever the body says: who gets that takes its own end for the reason.
base::error parse_error_body(int http_status, base::secret_text&& body);

}  // namespace vsecm::api
