// The original's "FIPS" mode: AES-256 in CFB-128, IV (16 bytes) || ciphertext, no authentication. Read for migration,
// never written. There is no function to encrypt, and there must not be one.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

namespace vsecm::crypto {

// errc::corrupt if shorter than the IV; anything else "succeeds". A wrong key or changed bytes give garbage, so the
// caller accepts the answer only after checking that it is what it should be. `key` is 32 bytes. Thread-safe.
base::result<base::secret_text> aes_cfb_compat_open(base::byte_view key, base::byte_view iv_and_ciphertext);

}  // namespace vsecm::crypto
