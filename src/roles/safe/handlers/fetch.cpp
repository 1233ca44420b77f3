// GET /workload/v1/secrets: the caller's own secret, and no other. With If-None-Match an unchanged one is 304; with
// ?wait=SECONDS besides, the request is held until what the caller would receive changes. Design section 3.1.
#include "roles/safe/handlers/fetch_view.hpp"

#include "api/messages.hpp"
#include "base/log.hpp"
#include "base/try.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_set>

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

bool in_namespace(store::secret_meta const& meta, std::string_view space) {
    return std::ranges::any_of(meta.namespaces, [&](std::string const& n) { return n == space || n == "*"; });
}

// One line a name and namespace, not one a request; the audit has every request.
void warn_once(std::string const& name, std::string const& space) {
    thread_local std::unordered_set<std::string> told;
    if (told.size() >= 1024 || !told.insert(name + "\n" + space).second) return;
    base::log::warn("other_namespace", {{"name", name}, {"caller_namespace", space},
                                        {"what", "served, because VSECM_SAFE_NAMESPACE_ISOLATION is `warn`; `enforce` would refuse it"}});
}

base::status check_namespace_of(vault& safe, spiffe::caller const& who, store::stored_secret const& secret) {
    if (safe.namespaces() == isolation::off || !secret.meta) return {};
    // A pattern may let an ID without a namespace pass although others have one: such a caller is in none.
    auto const space = who.workload_namespace.value_or("");
    if (in_namespace(*secret.meta, space)) return {};
    if (safe.namespaces() == isolation::warn) {
        warn_once(secret.name, space);
        return {};
    }
    if (space.empty()) return fail(errc::denied, "the caller's identity names no namespace, and the secret is not for all (`-n '*'`)");
    return fail(errc::denied, "the secret is not registered for namespace `{}`; register it with `-n {}`", *who.workload_namespace, *who.workload_namespace);
}

// Nobody hears it: for the audit and the counts, where a pod that ends while it waits is no failure of ours.
net::http_response client_gone(request_context& ctx) {
    net::http_response response;
    response.status = status_client_gone;
    ctx.outcome = "client_gone";
    return response;
}

std::string_view reason_word(store::visibility seen) { return store::name_of(seen); }

}  // namespace

base::result<fetch_view> look_at_own(vault& safe, spiffe::caller const& who) {
    auto const secret = safe.secrets().find(who.workload_name);
    auto const seen = safe.seen(secret);
    if (seen == store::visibility::damaged)
        return fail(errc::corrupt, "the stored secret is damaged; an operator must write it again or delete it");
    if (secret && seen != store::visibility::absent && seen != store::visibility::deleted) VSECM_TRY_OK(check_namespace_of(safe, who, *secret));
    return fetch_view{secret, seen, safe.secrets().etag(who.workload_name, secret, seen)};
}

answer answer_of(vault& safe, request_context& ctx, fetch_view const& view) {
    net::http_response response;
    response.headers.emplace_back("ETag", view.etag);
    if (view.seen != store::visibility::present) {
        // The only 404 of this server: the original's sidecar empties its file on any.
        response.status = 404;
        response.headers.emplace_back(api::header_reason, reason_word(view.seen));
        ctx.outcome = reason_word(view.seen);
        return response;
    }
    VSECM_TRY(data, safe.secrets().delivered_text(*view.secret));
    response.content_type = api::content_type_text;
    api::write_fetch_response(response.body, data.view(), view.secret->created, view.secret->updated);
    return response;
}

answer unchanged(request_context& ctx, std::string const& etag) {
    net::http_response response;
    response.status = 304;
    response.headers.emplace_back("ETag", etag);
    ctx.outcome = "unchanged";
    return response;
}

net::awaitable<answer> handle_fetch(vault& safe, request_context& ctx, net::http_request& request, net::http_exchange& exchange) {
    if (ctx.who.kind == spiffe::caller_kind::scout) co_return fetch_raw(safe, ctx);
    ctx.names = {ctx.who.workload_name};
    auto const known = std::string(request.header("If-None-Match"));
    VSECM_CO_TRY(first, look_at_own(safe, ctx.who));
    if (known.empty() || first.etag != known) co_return answer_of(safe, ctx, first);
    auto const wait = std::chrono::seconds{api::wait_seconds(request.query).value_or(0)};
    if (wait.count() == 0) co_return unchanged(ctx, known);

    ctx.held = true;
    auto const longest = std::chrono::duration_cast<std::chrono::seconds>(safe.settings().limits.max_wait);
    auto const deadline = net::steady_clock::now() + std::min(wait, longest);
    net::wake_signal bell;
    auto const registered = safe.hub(exchange.loop_index()).watch(ctx.who.workload_name, bell);
    for (;;) {
        // Registered first, looked second: a commit in between rings the bell.
        VSECM_CO_TRY(now, look_at_own(safe, ctx.who));
        if (now.etag != known) co_return answer_of(safe, ctx, now);
        auto rung = co_await exchange.hold(bell, deadline);
        if (!rung) {
            if (exchange.stopping()) co_return fail(errc::unavailable, "safe is stopping");
            if (rung.error().code == errc::cancelled) co_return client_gone(ctx);
            co_return std::unexpected(std::move(rung).error());
        }
        if (!*rung) co_return unchanged(ctx, known);
    }
}

}  // namespace vsecm::roles::safe
