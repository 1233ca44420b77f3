// One secret on its way from ciphertext to the page: what exports and data folders have in common.
#pragma once

#include "base/clock.hpp"
#include "base/secret_text.hpp"
#include "roles/keygen/decrypt.hpp"

#include <optional>
#include <span>

namespace vsecm::roles::keygen {

// What is printed of one secret.
struct shown_item {
    std::string_view name;
    std::span<base::secret_text const> values;
    std::optional<base::system_time> created, updated;
    std::uint64_t version = 0;  // printed if not 0
};
// As a few lines; with `only`, and no history asked for, the value alone, as exact bytes. errc::storage.
base::status show(decryption const& how, shown_item const& item);
// The error that `only` is not there.
base::result<std::size_t> not_there(decryption const& how);

// It says itself what it is: an age file, armored or not, or an AES-256-GCM container.
bool is_recognised(base::byte_view sealed);
// A store file named `file`. A record of the original's AES mode is believed only if it parses and is about the secret that
// its file is named for. errc::corrupt, no_match.
base::result<base::secret_text> open_store_file(decryption const& how, std::string_view file, base::byte_view sealed);

}  // namespace vsecm::roles::keygen
