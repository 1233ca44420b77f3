// POST /sentinel/v1/keys: the root key by hand. Q17: validated, given once, and never replaced here.
#include "api/messages.hpp"
#include "base/try.hpp"
#include "roles/safe/handlers/handler.hpp"

namespace vsecm::roles::safe {

base::result<crypto::root_key> parse_posted_key(net::http_request& request) {
    VSECM_TRY(parts, api::parse_keys_request(std::move(request.body)));
    if (parts.age_secret_key.empty() || parts.age_public_key.empty() || parts.aes_cipher_key.empty())
        return base::fail(base::errc::invalid, "a root key has three parts: AGE-SECRET-KEY-1…, age1…, and 64 hex characters");
    return crypto::root_key::from_parts(parts.age_secret_key.view(), parts.age_public_key, parts.aes_cipher_key.view(), parts.older);
}

}  // namespace vsecm::roles::safe
