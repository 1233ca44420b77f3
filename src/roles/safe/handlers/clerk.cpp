// POST /workload/v1/secrets: a clerk writes raw: names, and nothing else. The body is the original SDK's
// {"key":"raw:NAME","data":"VALUE"}; its answer {"err":"…"} or {}. Contract 1.10.
#include "base/try.hpp"
#include "codec/json_reader.hpp"
#include "roles/safe/handlers/handler.hpp"

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

base::result<std::string_view> text_member(codec::json_value object, std::string_view name) {
    auto const found = object.member_ignoring_case(name);
    if (!found || !found->is(codec::json_kind::string)) return fail(errc::invalid, "the field `{}` must be a text", name);
    return found->as_string();
}

}  // namespace

net::awaitable<answer> handle_clerk_upsert(vault& safe, request_context& ctx, net::http_request& request) {
    VSECM_CO_TRY(document, codec::json_document::parse(std::move(request.body)));
    VSECM_CO_TRY(name, text_member(document.root(), "key"));
    VSECM_CO_TRY(value, text_member(document.root(), "data"));
    if (auto good = api::check_secret_name(name); !good) co_return pass(std::move(good), "secret name");
    ctx.names = {std::string(name)};
    if (api::classify(name, safe.prefixes()).kind != api::name_kind::raw)
        co_return fail(errc::denied, "a clerk may write names that begin with `{}` only", safe.prefixes().raw);
    if (value.empty()) co_return fail(errc::invalid, "the value is empty");
    if (value.size() > safe.settings().limits.max_value_len) co_return fail(errc::too_large, "the value is too large");

    store::change one;
    one.name = name;
    one.value = base::secret_text(value);
    one.meta.namespaces = {"default"};
    one.meta.format = "json";
    one.not_before = safe.clock().now();
    one.correlation_id = ctx.correlation_id;
    std::vector<store::change> changes;
    changes.push_back(std::move(one));
    VSECM_CO_TRY_OK(co_await safe.secrets().commit(std::move(changes)));
    co_return ok_text("{}");
}

}  // namespace vsecm::roles::safe
