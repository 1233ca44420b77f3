// Reads what a command line points at: standard input, files, and the root key's lines.
#pragma once

#include "api/messages.hpp"
#include "roles/sentinel/command_line.hpp"

namespace vsecm::roles::sentinel {

inline constexpr std::size_t max_secret_len = 64U << 20;  // more than any server accepts
inline constexpr std::size_t max_root_key_len = 64U << 10;

// A pattern's value is generated here, new with each call. Otherwise exact bytes; of ciphertext, the text without white space around it (`safe -e` prints empty lines there). errc::invalid: empty, or not UTF-8 (JSON could not carry it unchanged); too_large; not_found or storage
// for files.
base::result<base::secret_text> read_secret(secret_source const& source, bool ciphertext, int standard_input = 0);

// Exact bytes, whatever they are. errc as above.
base::result<base::secret_text> read_data(secret_source const& source, int standard_input = 0);

// Without spaces, tabs and line ends around it.
std::string_view trimmed(std::string_view text) noexcept;

// Private key, public key and AES seed, one a line, and behind them any keys that were replaced; `\n` may be written as two characters; blank lines and carriage
// returns do not count. errc::invalid unless it is a whole root key whose parts belong together.
base::result<api::keys_request> read_root_key(secret_source const& source, int standard_input = 0);

}  // namespace vsecm::roles::sentinel
