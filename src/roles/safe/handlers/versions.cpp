// GET /sentinel/v1/secrets/versions, POST …/rollback and …/undelete: what was there before, and bringing it back. Ours; what
// is not there is a 400 with the code not_found, for 404 means something else to every sidecar.
#include "api/messages.hpp"
#include "base/try.hpp"
#include "roles/safe/handlers/handler.hpp"

#include <algorithm>

namespace vsecm::roles::safe {

using base::errc, base::fail;

namespace {

base::result<std::string> name_asked_for(net::http_request const& request) {
    VSECM_TRY(name, net::query_parameter(request.query, "name"));
    if (!name) return fail(errc::invalid, "no secret is named (?name=)");
    if (auto good = store::check_storable_name(*name); !good) return pass(std::move(good), "secret name");
    return *std::move(name);
}

base::secret_text body_of(std::string name, store::version_list const& found) {
    api::version_items list{std::move(name), {}};
    for (auto const& one : found)
        list.versions.push_back({static_cast<std::int64_t>(one.version), std::string(store::name_of(one.state)), one.updated,
                                 static_cast<std::int64_t>(one.value_len)});
    return api::write_versions(list);
}

base::result<std::vector<store::change>> plan(request_context& ctx, base::secret_text&& body) {
    VSECM_TRY(asked, api::parse_restore_request(std::move(body)));
    bool const rolls_back = ctx.route == api::route::rollback;
    if (asked.workloads.empty()) return fail(errc::invalid, "no workload is named");
    if (rolls_back && asked.version.value_or(0) == 0) return fail(errc::invalid, "`version` must say which version to go back to, from 1");
    if (!rolls_back && asked.version) return fail(errc::invalid, "undelete takes no `version`: undelete first, then roll back");
    std::vector<store::change> changes;
    for (auto const& name : asked.workloads) {
        if (auto good = store::check_storable_name(name); !good) return pass(std::move(good), "secret name");
        if (std::ranges::find(ctx.names, name) != ctx.names.end()) continue;
        ctx.names.push_back(name);
        auto& one = changes.emplace_back();
        one.kind = rolls_back ? store::change_kind::rollback : store::change_kind::undelete;
        one.name = name;
        one.restores = static_cast<std::uint64_t>(asked.version.value_or(0));
        if (asked.if_version) one.expected_version = static_cast<std::uint64_t>(*asked.if_version);
        one.correlation_id = ctx.correlation_id;
    }
    return changes;
}

}  // namespace

net::awaitable<answer> handle_versions(vault& safe, request_context& ctx, net::http_request const& request) {
    VSECM_CO_TRY(name, name_asked_for(request));
    ctx.names.push_back(name);
    VSECM_CO_TRY(found, co_await safe.secrets().versions(name));
    co_return ok_text(body_of(std::move(name), found));
}

net::awaitable<answer> handle_restore(vault& safe, request_context& ctx, net::http_request& request) {
    VSECM_CO_TRY(changes, plan(ctx, std::move(request.body)));
    VSECM_CO_TRY_OK(co_await safe.secrets().commit(std::move(changes)));
    co_return ok_text(api::body_ok);
}

}  // namespace vsecm::roles::safe
