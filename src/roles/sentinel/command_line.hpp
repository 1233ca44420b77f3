// From arguments to what the operator wants. Contract sections 3.1 to 3.4, but that nothing is guessed: a value may begin
// with dashes, dates and formats are checked here, and what this version does not do is refused, never ignored.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::roles::sentinel {

enum class verb {
    help, version, list, put, remove, encrypt, versions, rollback, undelete, give_root_key, rotate_key, forget_key, status, doctor, serve, apply, render,
};
enum class output_shape { text, json };

// Where a secret comes from. `text` points into the arguments: the value itself, a file's path, or the pattern to generate
// the value from.
struct secret_source {
    enum class kind { none, argument, standard_input, file, pattern };
    kind from = kind::none;
    std::string_view text;
};

struct command {
    verb what = verb::help;
    std::vector<std::string> workloads, namespaces;
    secret_source value;       // put and encrypt; apply: the script; render: the data
    std::string_view template_text;  // put and render; points into the arguments
    secret_source root_key;    // give_root_key; rotate_key: the new one, if the operator gives it
    std::string key_id;        // forget_key
    bool encrypted = false;    // list: with ciphertexts; put: the value is ciphertext
    bool append = false;
    std::string store;         // "", "file" or "memory"
    std::string format;        // as it goes on the wire
    std::string not_before, expires;
    std::optional<std::int64_t> if_version;  // put, rollback: only over this version; undelete: only this deletion
    std::optional<std::int64_t> version;     // rollback: to which
    bool dry_run = false;      // put and apply
    output_shape output = output_shape::text;
};

// `generation_prefix` is VSECM_SENTINEL_SECRET_GENERATION_PREFIX. errc::invalid (usage) or errc::unsupported, with one
// sentence that says what to type; it never contains a value.
base::result<command> parse_command_line(std::span<std::string_view const> arguments, std::string_view generation_prefix = "gen:");

}  // namespace vsecm::roles::sentinel
