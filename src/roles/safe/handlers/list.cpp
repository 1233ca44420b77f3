// GET /sentinel/v1/secrets: names and dates; with reveal, also each value encrypted under the root key: the export.
#include "api/messages.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "roles/safe/handlers/handler.hpp"

namespace vsecm::roles::safe {
namespace {

api::secret_item describe(vault const& safe, store::secret_ptr const& held) {
    auto const& secret = *held;
    api::secret_item item;
    item.name = secret.name;
    item.created = secret.created;
    item.updated = secret.updated;
    item.not_before = secret.not_before;
    item.expires_after = secret.expires;
    item.version = static_cast<std::int64_t>(secret.version);
    if (secret.meta) item.namespaces = secret.meta->namespaces;
    if (secret.state == store::secret_state::damaged) item.status = "damaged";
    else if (safe.seen(held) == store::visibility::expired) item.status = "expired";  // as a fetch would say
    else if (api::classify(secret.name, safe.prefixes()).kind == api::name_kind::kubernetes)
        item.status = safe.mirror() ? store::name_of(safe.mirror()->table().state_of(secret.name)) : "waiting";
    return item;
}

}  // namespace

answer handle_list(vault& safe) {
    api::secret_list list;
    for (auto const& secret : safe.secrets().list()) list.secrets.push_back(describe(safe, secret));
    return ok_text(api::write_secret_list(list));
}

net::awaitable<answer> handle_list_encrypted(vault& safe) {
    // One encryption costs about 0.1 ms: others on this loop get their turn in between.
    constexpr std::size_t at_a_time = 16;
    api::secret_list list;
    list.algorithm = safe.cipher().algorithm();
    auto const loop = co_await net::asio::this_coro::executor;
    std::size_t num_done = 0;
    for (auto const& secret : safe.secrets().list()) {
        auto item = describe(safe, secret);
        if (secret->state == store::secret_state::present) {
            // The value as the operator gave it, not as it is delivered: the export must bring back what was put in.
            VSECM_CO_TRY(plain, safe.secrets().value_text(*secret));
            item.encrypted.push_back(base::base64_encode(safe.cipher().encrypt(plain.bytes())));
        }
        list.secrets.push_back(std::move(item));
        if (++num_done % at_a_time == 0) co_await net::asio::post(loop, net::as_result);
    }
    co_return ok_text(api::write_secret_list(list));
}

}  // namespace vsecm::roles::safe
