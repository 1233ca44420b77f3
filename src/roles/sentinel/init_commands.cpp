#include "roles/sentinel/init_commands.hpp"

#include "api/secret.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "client/condition.hpp"
#include "net/backoff.hpp"
#include "roles/sentinel/script_run.hpp"

namespace vsecm::roles::sentinel {

using api::exit_status;
using base::errc;
using client::safe_client;

namespace {

// Nobody to talk to yet: no reason to give up.
bool is_away(errc code) {
    return code == errc::unavailable || code == errc::timeout || code == errc::sealed || code == errc::no_identity;
}

// Safe's no, which may become a yes without anybody changing the script.
bool is_passing(errc code) {
    return code == errc::denied || code == errc::limited || code == errc::storage || code == errc::internal;
}

// Calls `attempt` until it succeeds or fails for good, with pauses.
template <class Attempt>
auto persist(config::backoff_settings const& settings, Attempt attempt) -> decltype(attempt()) {
    net::backoff tries({settings.delay, settings.exponential ? 2.0 : 1.0, settings.max_wait, std::nullopt});
    client::condition state;
    for (unsigned num_refusals = 0;;) {
        auto outcome = co_await attempt();
        if (outcome) {
            state.well();
            co_return outcome;
        }
        auto const code = outcome.error().code;
        if (!is_away(code) && (!is_passing(code) || num_refusals++ >= settings.max_retries)) co_return outcome;
        state.failing("init_commands_wait", outcome.error());
        VSECM_CO_TRY_OK(co_await net::sleep_for(tries.next().value_or(settings.max_wait)));
    }
}

net::awaitable<base::status> open(client::session& session) { co_return co_await session.open(spiffe::svid_source::patience::until_deadline); }

net::awaitable<base::result<bool>> keystone_is_marked(safe_client& safe) {
    VSECM_CO_TRY(reply, co_await safe.keystone());
    co_return api::parse_keystone_status(std::move(reply.body));
}

net::awaitable<base::status> mark_keystone(safe_client& safe, std::string const& system_namespace) {
    api::upsert_request request;
    request.workloads.emplace_back(api::name_keystone);
    request.namespaces.push_back(system_namespace);
    request.value = base::secret_text(api::keystone_value);
    request.format = "json";
    VSECM_CO_TRY(reply, co_await safe.upsert(request));
    co_return base::status{};
}

net::awaitable<base::status> run_script(safe_client& safe, config::backoff_settings const& patience, script const& all) {
    VSECM_CO_TRY(num_done, co_await persist(patience, [&] { return read_progress(safe, all); }));
    if (num_done > 0) base::log::info("init_commands_resume", {{"blocks_done", num_done}, {"blocks", all.blocks.size()}});
    for (auto i = num_done; i < all.blocks.size(); ++i) {
        auto const& b = all.blocks[i];
        auto report = co_await persist(patience, [&] { return run_block(safe, b); });
        if (!report) co_return std::unexpected(std::move(report).error().within(std::format("line {} ({})", b.line, describe(b))));
        base::log::info("init_command", {{"line", b.line}, {"what", describe(b)}, {"result", report->what}});
        for (auto const& sentence : report->sentences) base::log::warn("init_command", {{"line", b.line}, {"what", sentence}});
        VSECM_CO_TRY_OK(co_await persist(patience, [&] { return keep_progress(safe, all, i + 1); }));
    }
    co_return base::status{};
}

exit_status ended(base::error const& why, exit_status status) {
    base::log::error("init_commands", {{"code", base::name_of(why.code)}, {"what", why.what}});
    return status;
}

// Everything between the first word with safe and the last.
net::awaitable<base::status> bootstrap(safe_client& safe, config::sentinel_settings const& settings, script const& all) {
    VSECM_CO_TRY_OK(co_await run_script(safe, settings.backoff, all));
    VSECM_CO_TRY_OK(co_await persist(settings.backoff, [&] { return mark_keystone(safe, settings.system_namespace); }));
    base::log::info("init_commands_done", {{"blocks", all.blocks.size()}});
    // Only now: whoever deletes the mark of keystone wants everything to run again.
    VSECM_CO_TRY_OK(co_await persist(settings.backoff, [&] { return forget_progress(safe); }));
    co_return co_await net::sleep_for(settings.wait_after_init);
}

}  // namespace

base::result<script> load_init_script(config::sentinel_settings const& settings) {
    auto text = base::read_file(settings.init_command_path, max_script_len);
    if (!text && text.error().code == errc::not_found) return script{};
    if (!text) return std::unexpected(std::move(text).error());
    auto all = parse_script(*std::move(text), settings.generation_prefix);
    if (!all) return std::unexpected(std::move(all).error().within(settings.init_command_path));
    return all;
}

net::awaitable<exit_status> run_init_commands(client::session& session, config::sentinel_settings const& settings, base::result<script> all) {
    if (!all) ended(all.error(), exit_status::usage);  // told at once, however long safe is away
    auto& safe = session.safe();
    auto outcome = co_await net::sleep_for(settings.wait_before_exec);
    if (outcome) outcome = co_await persist(settings.backoff, [&] { return open(session); });
    if (!outcome) co_return ended(outcome.error(), client::exit_status_of_call(outcome.error().code));

    auto const marked = co_await persist(settings.backoff, [&] { return keystone_is_marked(safe); });
    if (!marked) co_return ended(marked.error(), client::exit_status_of_call(marked.error().code));
    if (*marked) {
        base::log::info("init_commands_done", {{"what", "keystone is marked: they have run before"}});
        outcome = co_await persist(settings.backoff, [&] { return forget_progress(safe); });
    } else {
        if (!all) co_return exit_status::usage;
        outcome = co_await bootstrap(safe, settings, *all);
    }
    if (!outcome) co_return ended(outcome.error(), client::exit_status_of_call(outcome.error().code));
    co_return exit_status::done;
}

}  // namespace vsecm::roles::sentinel
