// Every environment variable this program knows, one row each. The table drives parsing, `vsecm help env`, warnings
// about misspelt names, and the documentation.
#pragma once

#include "base/env.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::config {

enum class value_kind {
    text,
    boolean,   // true iff, trimmed and in lower case, equal to "true" (ours also know 1 yes on, 0 no off)
    duration,  // the original's: whole milliseconds. Ours: "250ms" "5s" "2m" "1h", or whole milliseconds
    integer,
    address,   // ":8443", "127.0.0.1:8443"
    bytes,     // "65536", "64KiB", "4MiB"
    choice,    // one of the words in `unit`
    pattern,   // Go (RE2) regular expression, or literal prefix
};

enum class origin {
    original,  // does not parse: the default, and a loud warning (what the original does, in silence)
    ours,      // does not parse: an error at start
    ignored,   // the original has it, it does nothing here: accepted without a word
    refused,   // the original has it, this program does not: a warning that says so
};

// Bit per role that reads a variable.
enum used_by : std::uint32_t {
    by_safe = 1, by_sentinel = 2, by_sidecar = 4, by_init = 8, by_keystone = 16, by_keygen = 32, by_inspector = 64,
    by_exec = 128, by_dev = 256, by_sdk = 512,
    by_clients = by_sentinel | by_sidecar | by_init | by_keystone | by_inspector | by_exec | by_sdk,
    by_mtls = by_safe | by_clients,
    by_all = 1023,
};

struct variable {
    std::string_view name;
    value_kind kind;
    origin from;
    std::uint32_t roles;            // bits of used_by
    std::string_view default_text;  // as a person would write it in the environment; "" when there is none
    std::string_view unit;          // "ms", "bytes", or the words of a choice separated by '|'
    std::string_view doc;           // one line
    std::array<std::string_view, 2> aliases{};  // older names, accepted with a warning
};

std::span<variable const> all_variables() noexcept;
variable const* find_variable(std::string_view name) noexcept;  // by name, not by alias; null if unknown

// The text of `vsecm help env`: one paragraph a variable, in table order.
std::string variables_help();

// One sentence per VSECM_* name of the environment that no row knows (with the nearest that is known), per older name in
// use, and per variable of a part that does not exist here. Sorted by name.
std::vector<std::string> variable_warnings(base::environment const& env);

}  // namespace vsecm::config
