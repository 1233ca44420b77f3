// POST /sentinel/v1/keys: the root key by hand. Q17: validated, given once, and never replaced there; /rotate and /forget, which
// are ours, replace it and take a replaced one out.
#include "api/messages.hpp"
#include "base/try.hpp"
#include "roles/safe/handlers/handler.hpp"

namespace vsecm::roles::safe {

using base::errc, base::fail;

namespace {

base::result<crypto::root_key> key_of(api::keys_request const& parts) {
    if (parts.age_secret_key.empty() || parts.age_public_key.empty() || parts.aes_cipher_key.empty())
        return fail(errc::invalid, "a root key has three parts: AGE-SECRET-KEY-1…, age1…, and 64 hex characters");
    return crypto::root_key::from_parts(parts.age_secret_key.view(), parts.age_public_key, parts.aes_cipher_key.view(), parts.older);
}

}  // namespace

base::result<crypto::root_key> parse_posted_key(net::http_request& request) {
    VSECM_TRY(parts, api::parse_keys_request(std::move(request.body)));
    return key_of(parts);
}

net::awaitable<answer> handle_rotate_key(vault& safe, request_context& ctx, net::http_request& request, key_keeper& keeper) {
    VSECM_CO_TRY(parts, api::parse_keys_request(std::move(request.body)));
    std::optional<crypto::root_key> given;
    if (!parts.empty()) {
        if (!parts.older.empty()) co_return fail(errc::invalid, "give the three lines of the new key alone: those that are replaced stay by themselves");
        VSECM_CO_TRY(key, key_of(parts));
        given = std::move(key);
    }
    VSECM_CO_TRY(done, co_await keeper.rotate(safe, std::move(given)));
    ctx.names = {done.present, done.replaced};
    co_return ok_text(api::write_rotation(done));
}

net::awaitable<answer> handle_forget_key(vault& safe, request_context& ctx, net::http_request& request, key_keeper& keeper) {
    VSECM_CO_TRY(id, api::parse_forget_request(std::move(request.body)));
    ctx.names.push_back(id);
    VSECM_CO_TRY(unopened, co_await keeper.forget(safe, std::move(id)));
    auto response = ok_text(api::body_ok);
    for (auto const& sentence : unopened) add_warning(response, sentence);
    co_return response;
}

}  // namespace vsecm::roles::safe
