// Reading files, or standard input, and writing standard output, without a buffer that is not wiped.
#pragma once

#include "base/file.hpp"
#include "crypto/age_stream.hpp"

#include <string>

namespace vsecm::roles::keygen {

// "-" is standard input, which is not closed.
base::result<crypto::byte_source> open_source(std::string const& path);
// All of a source; errc::too_large beyond `max_len`.
base::result<base::secret_text> read_all(crypto::byte_source& source, std::size_t max_len);
// Writes to standard output at once. errc::storage if that fails (disk full, reader gone).
base::status write_stdout(base::byte_view bytes);

// "keygen: NAME: why", to standard error.
void complain(std::string_view name, std::string_view why);

}  // namespace vsecm::roles::keygen
