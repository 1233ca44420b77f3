// What every handler gets and gives. One route a file; each is tested without a socket.
#pragma once

#include "api/routes.hpp"
#include "net/http_server.hpp"
#include "roles/safe/key_keeper.hpp"
#include "spiffe/peer_policy.hpp"

#include <string>
#include <vector>

namespace vsecm::roles::safe {

// Facts of one admitted request; the handler adds what the audit should know.
struct request_context {
    std::string correlation_id;
    api::route route = api::route::unknown;
    spiffe::caller who;
    std::vector<std::string> names;      // of the secrets touched; ids of root keys
    std::string_view outcome = "ok";     // "unchanged", "absent", … or the errc's name
    std::string reason;                  // the sentence of a refusal
    bool held = false;                   // open for as long as there was nothing to say
};

using answer = base::result<net::http_response>;

// Of a request whose client left while it was held; nginx's number. Never sent.
inline constexpr unsigned status_client_gone = 499;

// 200 with a body that the original's clients know.
net::http_response ok_text(base::secret_text body);
net::http_response ok_text(std::string_view body);
// Adds a Vsecm-Warning header; control and non-ASCII bytes become '?', for a header cannot carry them. After some thirty
// headers the rest is one.
void add_warning(net::http_response& response, std::string_view sentence);
// Status and {"err":…} body for an error.
net::http_response failure(base::error const& why);

// --- the routes -------------------------------------------------------------------------------------------------------
net::awaitable<answer> handle_upsert(vault& safe, request_context& ctx, net::http_request& request);
net::awaitable<answer> handle_clerk_upsert(vault& safe, request_context& ctx, net::http_request& request);
net::awaitable<answer> handle_remove(vault& safe, request_context& ctx, net::http_request& request);
net::awaitable<answer> handle_versions(vault& safe, request_context& ctx, net::http_request const& request);
// Rollback or undelete: ctx.route says which.
net::awaitable<answer> handle_restore(vault& safe, request_context& ctx, net::http_request& request);
net::awaitable<answer> handle_fetch(vault& safe, request_context& ctx, net::http_request& request, net::http_exchange& exchange);
net::awaitable<answer> handle_list_encrypted(vault& safe);
answer handle_list(vault& safe);
answer handle_keystone(vault& safe);
net::awaitable<answer> handle_rotate_key(vault& safe, request_context& ctx, net::http_request& request, key_keeper& keeper);
net::awaitable<answer> handle_forget_key(vault& safe, request_context& ctx, net::http_request& request, key_keeper& keeper);
// Checks the posted key: errc::invalid with what is wrong.
base::result<crypto::root_key> parse_posted_key(net::http_request& request);

}  // namespace vsecm::roles::safe
