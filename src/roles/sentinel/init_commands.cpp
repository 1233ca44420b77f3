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

namespace {

// Nobody to talk to yet: no reason to give up.
bool is_away(errc code) {
    return code == errc::unavailable || code == errc::timeout || code == errc::sealed || code == errc::no_identity;
}

// The same of a question that cannot be at fault itself: an original safe without a root key answers all with 400.
bool is_away_or_mute(errc code) { return is_away(code) || code == errc::invalid; }

// Safe's no, which may become a yes without anybody changing the script.
bool is_passing(errc code) {
    return code == errc::denied || code == errc::limited || code == errc::storage || code == errc::internal;
}

exit_status ended(base::error const& why, exit_status status) {
    base::log::error("init_commands", {{"code", base::name_of(why.code)}, {"what", why.what}});
    return status;
}

// The way from no identity to a marked keystone. Steps have no arguments and no result, they find and leave everything in
// the members: so each can be tried again by persist(), which is compiled once.
class init_run {
public:
    init_run(client::session& session, config::sentinel_settings const& settings, script const& all) noexcept
        : session_(session), safe_(session.safe()), settings_(settings), all_(all) {}

    // Whether keystone is marked.
    net::awaitable<base::result<bool>> connect() {
        VSECM_CO_TRY_OK(co_await net::sleep_for(settings_.wait_before_exec));
        VSECM_CO_TRY_OK(co_await persist(&init_run::open));
        VSECM_CO_TRY_OK(co_await persist(&init_run::ask_keystone, is_away_or_mute));
        co_return keystone_marked_;
    }

    net::awaitable<base::status> run_script() {
        VSECM_CO_TRY_OK(co_await persist(&init_run::ask_progress, is_away_or_mute));
        VSECM_CO_TRY_OK(co_await persist(&init_run::check_blocks));
        if (num_done_ > 0) base::log::info("init_commands_resume", {{"blocks_done", num_done_}, {"blocks", all_.blocks.size()}});
        while (num_done_ < all_.blocks.size()) {
            auto const& b = all_.blocks[num_done_];
            auto done = co_await persist(&init_run::do_block);
            if (!done) co_return std::unexpected(std::move(done).error().within(std::format("line {} ({})", b.line, describe(b))));
            base::log::info("init_command", {{"line", b.line}, {"what", describe(b)}, {"result", report_.what}});
            for (auto const& sentence : report_.sentences) base::log::warn("init_command", {{"line", b.line}, {"what", sentence}});
            ++num_done_;
            VSECM_CO_TRY_OK(co_await persist(&init_run::note_progress));
        }
        VSECM_CO_TRY_OK(co_await persist(&init_run::mark_keystone));
        co_return base::status{};
    }

    // Only after keystone is marked: whoever deletes that mark wants everything to run again.
    net::awaitable<base::status> tidy() { return persist(&init_run::drop_progress); }

private:
    using step = net::awaitable<base::status> (init_run::*)();

    // Takes the step until it succeeds or fails for good, with pauses.
    net::awaitable<base::status> persist(step attempt, bool (*nobody_there)(errc) = is_away) {
        auto const& patience = settings_.backoff;
        net::backoff tries({patience.delay, patience.exponential ? 2.0 : 1.0, patience.max_wait, std::nullopt});
        client::condition state;
        for (unsigned num_refusals = 0;;) {
            auto outcome = co_await (this->*attempt)();
            if (outcome) {
                state.well();
                co_return outcome;
            }
            auto const code = outcome.error().code;
            if (!nobody_there(code) && (!is_passing(code) || num_refusals++ >= patience.max_retries)) co_return outcome;
            state.failing("init_commands_wait", outcome.error());
            VSECM_CO_TRY_OK(co_await net::sleep_for(tries.next().value_or(patience.max_wait)));
        }
    }

    net::awaitable<base::status> open() { return session_.open(spiffe::svid_source::patience::until_deadline); }

    net::awaitable<base::status> ask_keystone() {
        VSECM_CO_TRY(reply, co_await safe_.keystone());
        VSECM_CO_TRY(marked, api::parse_keystone_status(std::move(reply.body)));
        keystone_marked_ = marked;
        co_return base::status{};
    }

    net::awaitable<base::status> ask_progress() {
        VSECM_CO_TRY(num_done, co_await read_progress(safe_, all_));
        num_done_ = num_done;
        co_return base::status{};
    }

    net::awaitable<base::status> check_blocks() { return check_server(safe_, all_); }

    net::awaitable<base::status> do_block() {
        VSECM_CO_TRY(report, co_await run_block(safe_, all_.blocks[num_done_]));
        report_ = std::move(report);
        co_return base::status{};
    }

    net::awaitable<base::status> note_progress() { return keep_progress(safe_, all_, num_done_); }
    net::awaitable<base::status> drop_progress() { return forget_progress(safe_); }

    net::awaitable<base::status> mark_keystone() {
        api::upsert_request request;
        request.workloads.emplace_back(api::name_keystone);
        request.namespaces.push_back(settings_.system_namespace);
        request.value = base::secret_text(api::keystone_value);
        request.format = "json";
        VSECM_CO_TRY(reply, co_await safe_.upsert(request));
        co_return base::status{};
    }

    client::session& session_;
    client::safe_client& safe_;
    config::sentinel_settings const& settings_;
    script const& all_;
    bool keystone_marked_ = false;
    std::size_t num_done_ = 0;
    block_report report_;  // of the last block
};

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
    script const nothing;
    init_run run(session, settings, all ? *all : nothing);
    auto const marked = co_await run.connect();
    if (!marked) co_return ended(marked.error(), client::exit_status_of_call(marked.error().code));
    base::status outcome;
    if (!*marked && !all) co_return exit_status::usage;
    if (!*marked) outcome = co_await run.run_script();
    if (outcome) {
        // All is done: nothing that is left behind is worth a pod that does not run. The next start tries again.
        if (auto const tidied = co_await run.tidy(); !tidied)
            base::log::warn("init_commands_tidy", {{"code", base::name_of(tidied.error().code)}, {"what", tidied.error().what}});
        base::log::info("init_commands_done", {{"what", *marked ? "keystone is marked: they have run before" : "keystone is marked"}});
    }
    if (outcome && !*marked) outcome = co_await net::sleep_for(settings.wait_after_init);
    co_return outcome ? exit_status::done : ended(outcome.error(), client::exit_status_of_call(outcome.error().code));
}

}  // namespace vsecm::roles::sentinel
