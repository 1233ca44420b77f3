// DELETE /sentinel/v1/secrets. `OK` whether or not there was something, as the original; what was not there is a warning.
#include "api/messages.hpp"
#include "base/try.hpp"
#include "roles/safe/handlers/handler.hpp"

#include <algorithm>

namespace vsecm::roles::safe {

net::awaitable<answer> handle_remove(vault& safe, request_context& ctx, net::http_request& request) {
    VSECM_CO_TRY(asked, api::parse_delete_request(std::move(request.body)));
    if (asked.workloads.empty()) co_return base::fail(base::errc::invalid, "no workload is named");
    std::vector<store::change> changes;
    for (auto const& name : asked.workloads) {
        // The store's rule, not the stricter one for new names: what an original left behind must be removable.
        if (auto good = store::check_storable_name(name); !good) co_return pass(std::move(good), "secret name");
        if (std::ranges::find(ctx.names, name) != ctx.names.end()) continue;
        ctx.names.push_back(name);
        store::change one;
        one.kind = store::change_kind::remove;
        one.name = name;
        one.correlation_id = ctx.correlation_id;
        changes.push_back(std::move(one));
    }
    VSECM_CO_TRY(done, co_await safe.secrets().commit(std::move(changes)));
    auto response = ok_text(api::body_ok);
    for (std::size_t i = 0; i < done.size(); ++i)
        if (!done[i].existed) add_warning(response, "there was no secret named `" + ctx.names[i] + "`");
    co_return response;
}

}  // namespace vsecm::roles::safe
