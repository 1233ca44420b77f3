// What each command does with safe.
#pragma once

#include "api/exit_status.hpp"
#include "client/safe_client.hpp"
#include "roles/sentinel/command_line.hpp"

#include <string>
#include <vector>

namespace vsecm::roles::sentinel {

// What is to be printed, and how to exit.
struct outcome {
    base::secret_text out;               // standard output, framing included
    std::vector<std::string> sentences;  // standard error: warnings, or why it failed
    api::exit_status status = api::exit_status::done;
};

// A command whose inputs have been read.
struct prepared_command {
    command asked;
    base::secret_text value;      // put, encrypt
    api::keys_request root_key;   // give_root_key; rotate_key: empty if safe is to make it
};

// The call itself: list, put, remove, encrypt, give_root_key, rotate_key, forget_key, versions, rollback or undelete. But for rotate_key it may be repeated; errors are those of client::safe_client.
net::awaitable<base::result<client::reply>> send(client::safe_client& safe, prepared_command const& command);

// Whether an original safe would silently ignore a part of it: -a, -b, --if-version, versions, replaced root keys.
bool needs_vsecm(prepared_command const& command) noexcept;
// errc::unsupported unless the server is one of ours; else as client::safe_client.
net::awaitable<base::status> require_vsecm(client::safe_client& safe);

// Talks to safe. What needs_vsecm is refused by an original safe before anything is written.
net::awaitable<outcome> perform(client::safe_client& safe, prepared_command command);

// An error before or while talking to safe, as an outcome. `answered`: safe itself may have said it.
outcome failed(base::error const& why, bool answered);

}  // namespace vsecm::roles::sentinel
