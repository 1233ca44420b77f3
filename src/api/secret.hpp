// What a secret's name may be, what its prefix means, and the words of its metadata.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace vsecm::api {

// Names with a meaning of their own.
inline constexpr std::string_view name_keystone = "vsecm-keystone";  // its presence says the init script has finished
inline constexpr std::string_view name_safe_config = "vsecm-safe";   // the original's database settings
inline constexpr std::string_view name_scout = "vsecm-scout";
inline constexpr std::string_view keystone_value = "keystone-init";

inline constexpr std::size_t max_encoded_name_len = 200;  // so that "<name>.age" and a version suffix fit in 255 bytes

// The store's file name for a secret, without ".age": every byte outside [A-Za-z0-9._:@+=-], and a leading dot, as %XX
// (upper-case hex). One to one.
std::string encode_name(std::string_view name);
std::size_t encoded_name_len(std::string_view name) noexcept;

// errc::invalid with what is wrong: empty, '/', a control byte or NUL, "." or "..", invalid UTF-8, or an encoded form
// beyond max_encoded_name_len. The name itself is not repeated (it goes to logs and answers escaped by their writers).
base::status check_secret_name(std::string_view name);
// A namespace: 1 to 253 bytes of printable ASCII without '/', or "*". The empty one means "default" and is accepted.
base::status check_namespace(std::string_view name);

enum class name_kind { workload, raw, kubernetes };
struct name_prefixes {
    std::string raw = "raw:";
    std::string kubernetes = "k8s:";
};
struct classified_name {
    name_kind kind;
    std::string_view bare;  // without the prefix; points into the name
};
classified_name classify(std::string_view name, name_prefixes const& prefixes) noexcept;

enum class format { json, yaml, raw, none };
std::string_view name_of(format f) noexcept;
// "json" "yaml" "raw" "none" and "" (json, the original's default), any case. Anything else is errc::invalid.
base::result<format> parse_format(std::string_view word);

// "now" and "" are `now`; else RFC 3339. The original reads nonsense as now and never in silence; we refuse it.
base::result<base::system_time> parse_not_before(std::string_view text, base::system_time now);
// "never" and "" never expire; else RFC 3339.
base::result<base::system_time> parse_expires(std::string_view text);

}  // namespace vsecm::api
