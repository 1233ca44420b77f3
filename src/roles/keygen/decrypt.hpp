// Opening what safe wrote, with nothing but the root key. Plaintext goes to a sink; what cannot be opened is named on
// standard error, and the rest goes on.
#pragma once

#include "crypto/age_stream.hpp"
#include "crypto/root_key.hpp"

#include <string>
#include <string_view>

namespace vsecm::roles::keygen {

enum class format {
    recognise,  // age, or the AES-256-GCM container; for a store file also the original's AES, if it is its own record
    aes_cfb,    // the original's AES, which nothing can check
};

struct decryption {
    crypto::key_ring const& keys;
    crypto::byte_sink& out;
    format as = format::recognise;
    std::string_view only;  // if not empty: this name's value alone, as exact bytes
    bool history = false;   // of a data folder: every version that is kept, with its number, and not the bytes alone
};

// Each gives the number of items that could not be opened (0 or 1 for the single ones). Errors end the run: input that
// cannot be read at all, output that cannot be written; errc::not_found only if `only` is not there.

// The JSON of `safe -l -e`, of every version.
base::result<std::size_t> decrypt_export(decryption const& how, std::string const& path);
// One store file, or any age file of any size; "-" is standard input. Exact bytes.
base::result<std::size_t> decrypt_file(decryption const& how, std::string const& path);
// One value in base64, as `safe -e` prints it; "-" is standard input. Exact bytes.
base::result<std::size_t> decrypt_value(decryption const& how, std::string const& path);
// Every record of a data folder, newest versions first, as a server that starts on it would find them: what the original
// wrote or removed since a server was killed counts for more than the journal. A damaged journal is an item that could not be
// opened. The folder is only read.
base::result<std::size_t> decrypt_data(decryption const& how, std::string const& path);

}  // namespace vsecm::roles::keygen
