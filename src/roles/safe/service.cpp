#include "roles/safe/service.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "codec/json_writer.hpp"
#include "roles/safe/cluster.hpp"

#include <algorithm>

namespace vsecm::roles::safe {
namespace {

// The session never asks without a verified peer; the empty ID is a caller of unknown kind, and gets nothing.
std::string_view id_of(net::http_request const& request) { return request.peer ? request.peer->id() : std::string_view{}; }

// What changes something, or takes everything out. A workload that fetches its own is not held up by a stuck collector.
bool never_unwritten(api::route route) {
    switch (route) {
        case api::route::upsert:
        case api::route::clerk_upsert:
        case api::route::remove:
        case api::route::rollback:
        case api::route::undelete:
        case api::route::keys:
        case api::route::rotate_key:
        case api::route::forget_key:
        case api::route::list_encrypted: return true;
        default: return false;
    }
}

// The key in use, those that are kept beside it, and how far a rotation has got.
void write_keys(codec::json_writer& out, vault const& open) {
    auto const key = open.cipher().key();
    out.member("rootKey", key->id()).member("algorithm", open.cipher().algorithm());
    auto const strings = [&out](std::string_view name, std::vector<std::string> const& all) {
        out.key(name).begin_array();
        for (auto const& one : all) out.string(one);
        out.end_array();
    };
    strings("olderKeys", key->older_ids());
    auto const renewal = open.secrets().renewing();
    if (!renewal.running && renewal.num_total == 0) return;
    out.member("rotation", renewal.running ? "running" : "done");
    out.key("rotationLookedAt").integer(static_cast<std::int64_t>(renewal.num_done));
    out.key("rotationOf").integer(static_cast<std::int64_t>(renewal.num_total));
    out.key("rotationRewritten").integer(static_cast<std::int64_t>(renewal.num_renewed));
    out.member("rotationProblem", renewal.problem);
    strings("rotationUnopened", renewal.unopened);
}

// A handler throws where there is no memory or no thread for it, and it may have changed something before: that has its line in
// the audit like all else. What was thrown may be of what the handler worked on, so nobody is told.
answer broken(request_context const& ctx) {
    base::log::error("handler_failed", {{"cid", ctx.correlation_id}, {"route", api::name_of(ctx.route)}});
    return base::fail(base::errc::internal, "safe has no memory, or no thread, for it now; what was asked may have been done all the same");
}

}  // namespace

net::awaitable<net::http_response> service::handle(net::http_request& request, net::http_exchange& exchange) {
    auto const begun = std::chrono::steady_clock::now();
    request_context ctx;
    ctx.correlation_id = new_correlation_id();
    ctx.route = api::match_route(request.method, request.path, request.query);
    ctx.who = classify_cached(policy_, id_of(request));

    answer given;
    auto admitted = admit(ctx.route, ctx.who, now());
    bool const must_be_written = admitted && never_unwritten(ctx.route);
    auto const rank = must_be_written && ctx.who.kind == spiffe::caller_kind::sentinel ? audit_rank::vital : audit_rank::ordinary;
    if (must_be_written && audit_.stream().stuck(rank))
        admitted = base::fail(base::errc::unavailable, "the audit stream takes no lines: until it does, nothing is changed or exported (see docs/audit.md)");
    try {
        if (!admitted) given = std::unexpected(std::move(admitted).error());
        else given = co_await dispatch(ctx, request, exchange);
    } catch (std::exception const&) {
        given = broken(ctx);
    }

    net::http_response response;
    if (given) {
        response = std::move(*given);
    } else {
        ctx.outcome = base::name_of(given.error().code);
        ctx.reason = given.error().what;
        response = failure(given.error());
        response.close = given.error().code == base::errc::internal;  // whatever was broken, the next request begins afresh
        if (ctx.route == api::route::wrong_method) {
            response.status = 405;
            response.headers.emplace_back("Allow", std::string(api::allowed_methods(request.path)));
        }
    }
    record(ctx, request, rank, response.status);
    requests_.count(exchange.loop_index(), {ctx.route, response.status, ctx.held ? std::nullopt : std::optional(std::chrono::steady_clock::now() - begun)});
    co_return response;
}

net::awaitable<answer> service::dispatch(request_context& ctx, net::http_request& request, net::http_exchange& exchange) {
    if (ctx.route == api::route::keys) co_return co_await take_key(request);
    if (ctx.route == api::route::status) co_return describe_status();
    auto& safe = *vault_.load(std::memory_order_acquire);  // admitted: the phase is serving
    switch (ctx.route) {
        case api::route::fetch: co_return co_await handle_fetch(safe, ctx, request, exchange);
        case api::route::upsert: co_return co_await handle_upsert(safe, ctx, request);
        case api::route::clerk_upsert: co_return co_await handle_clerk_upsert(safe, ctx, request);
        case api::route::remove: co_return co_await handle_remove(safe, ctx, request);
        case api::route::versions: co_return co_await handle_versions(safe, ctx, request);
        case api::route::rollback:
        case api::route::undelete: co_return co_await handle_restore(safe, ctx, request);
        case api::route::list: co_return handle_list(safe);
        case api::route::list_encrypted: co_return co_await handle_list_encrypted(safe);
        case api::route::keystone: co_return handle_keystone(safe);
        case api::route::rotate_key: co_return co_await handle_rotate_key(safe, ctx, request, *keeper_);
        case api::route::forget_key: co_return co_await handle_forget_key(safe, ctx, request, *keeper_);
        default: co_return base::fail(base::errc::internal, "a route without a handler");
    }
}

net::awaitable<answer> service::take_key(net::http_request& request) {
    VSECM_CO_TRY(key, parse_posted_key(request));
    if (auto const* open = vault_.load(std::memory_order_acquire); open != nullptr && now() == phase::serving) {
        // The same key again is what a retried command sends; another one would orphan everything stored.
        auto const present = open->cipher().key();
        if (present->id() == key.id() && base::equal_constant_time(present->aes_key(), key.aes_key())) {
            auto const known = present->older_ids();
            auto const is_new = [&](std::string const& id) { return id != present->id() && !std::ranges::contains(known, id); };
            if (std::ranges::none_of(key.older_ids(), is_new)) co_return ok_text(api::body_ok);
            co_return base::fail(base::errc::conflict, "safe has this root key already, but not all of the replaced ones that came with it, and takes those "
                                                       "only while it is sealed: restart it, and give them all at once");
        }
        co_return base::fail(base::errc::conflict, "safe has a root key already (id {}); `safe --rotate-root-key` replaces it", present->id());
    }
    if (!unseal_) co_return base::fail(base::errc::unavailable, "safe is still starting");
    VSECM_CO_TRY(warning, co_await unseal_(std::move(key)));
    auto response = ok_text(api::body_ok);
    if (!warning.empty()) add_warning(response, warning);
    co_return response;
}

answer service::describe_status() const {
    base::secret_text body;
    codec::json_writer out(body);
    auto const identity = identity_->state();
    out.begin_object();
    out.member("server", api::server_token).member("phase", name_of(now()));
    if (auto const* open = vault_.load(std::memory_order_acquire)) {
        auto const health = open->secrets().health();
        write_keys(out, *open);
        out.key("secrets").integer(static_cast<std::int64_t>(health.num_present));
        out.key("damaged").integer(static_cast<std::int64_t>(health.num_damaged));
        out.key("waitingWrites").integer(static_cast<std::int64_t>(health.num_waiting));
        out.key("oldestWaitingMs").integer(health.oldest_waiting.count());
        out.member("store", health.kind).member("storeError", health.last_error);
        out.member("lastWrite", health.last_write ? base::format_rfc3339(*health.last_write) : std::string{});
        if (open->mirror() != nullptr) describe_mirror(out.key("kubernetes"), *open->mirror());
    }
    out.member("identity", identity.id ? identity.id->text() : std::string{});
    out.member("identityExpires", base::format_rfc3339(identity.expires)).member("identityProblem", identity.problem);
    if (server_ != nullptr) {
        out.key("connections").integer(static_cast<std::int64_t>(server_->counters().open.load()));
        out.key("requests").integer(static_cast<std::int64_t>(server_->counters().requests.load()));
    }
    out.key("auditLost").integer(static_cast<std::int64_t>(audit_.stream().lost()));
    out.end_object();
    return ok_text(std::move(body));
}

void service::record(request_context const& ctx, net::http_request const& request, audit_rank rank, unsigned status) noexcept {
    journal_entry entry;
    entry.correlation_id = ctx.correlation_id;
    entry.event = api::name_of(ctx.route);
    entry.outcome = ctx.outcome;
    entry.caller = id_of(request);
    entry.caller_kind = spiffe::name_of(ctx.who.kind);
    entry.method = request.method;
    entry.target = request.target;
    entry.status = status;
    entry.names = ctx.names;
    entry.reason = ctx.reason;
    entry.rank = rank;
    audit_.record(entry);
}

}  // namespace vsecm::roles::safe
