#include "roles/sentinel/role.hpp"

#include "base/file.hpp"
#include "client/session.hpp"
#include "role_frame.hpp"
#include "roles/sentinel/actions.hpp"
#include "roles/sentinel/apply.hpp"
#include "roles/sentinel/doctor.hpp"
#include "roles/sentinel/inputs.hpp"
#include "roles/sentinel/render.hpp"
#include "roles/sentinel/serve.hpp"

#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace vsecm {
namespace {

using namespace roles::sentinel;
using api::exit_status;
using base::errc;

// All of it, or false (a closed pipe): a list cut short must not look like success.
bool print(int fd, std::string_view text) { return base::write_all(fd, base::as_bytes(text), "").has_value(); }

int finish(outcome const& result) {
    for (auto const& sentence : result.sentences) print(STDERR_FILENO, "safe: " + sentence + "\n");
    if (!print(STDOUT_FILENO, result.out.view())) {
        print(STDERR_FILENO, "safe: standard output could not be written\n");
        return api::to_int(exit_status::usage);
    }
    return api::to_int(result.status);
}

// The value is in ours now; the copy every process can see goes.
void forget(secret_source const& source) {
    if (source.from == secret_source::kind::argument) base::wipe(const_cast<char*>(source.text.data()), source.text.size());
}

base::result<prepared_command> prepare(command asked) {
    prepared_command ready;
    if (asked.what == verb::put || asked.what == verb::encrypt) {
        auto value = read_secret(asked.value, asked.what == verb::put && asked.encrypted);
        forget(asked.value);
        if (!value) return std::unexpected(std::move(value).error());
        ready.value = *std::move(value);
    }
    bool const brings_key = asked.what == verb::rotate_key && asked.root_key.from != secret_source::kind::none;
    if (asked.what == verb::give_root_key || brings_key) {
        auto key = read_root_key(asked.root_key);
        forget(asked.root_key);
        if (!key) return std::unexpected(std::move(key).error());
        ready.root_key = *std::move(key);
    }
    ready.asked = std::move(asked);
    return ready;
}

// What is to be done with a session, which is not open yet.
using work = std::function<net::awaitable<outcome>(client::session&)>;
// What is to be done once there is an identity.
using call = std::function<net::awaitable<outcome>(client::safe_client&)>;

net::awaitable<outcome> talk(client::session& session, call todo) {
    auto const opened = co_await session.open(spiffe::svid_source::patience::until_first_error);
    if (!opened) co_return failed(opened.error(), false);
    co_return co_await todo(session.safe());
}

net::awaitable<outcome> work_and_close(client::session session, work todo) {
    auto result = co_await todo(session);
    session.close();
    co_return result;
}

net::awaitable<outcome> examine_all(client::session& session, config::sentinel_settings const& settings, output_shape shape) {
    auto const findings = co_await examine(session, settings);
    co_return told_findings(findings, shape);
}

// An input that is not there is no secret that is not there; what is wrong with one is a local problem.
int finish_without_input(base::error const& why) {
    auto result = failed(why, false);
    result.status = exit_status::usage;
    return finish(result);
}

int run_session(config::sentinel_settings const& settings, work todo) {
    net::asio::io_context loop(1);
    auto session = client::session::make(loop.get_executor(), settings.identity, settings.client, client::self_kind::sentinel);
    if (!session) return finish(failed(session.error(), false));

    std::optional<outcome> result;
    net::asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](net::error_code const& ec, int) {
        if (!ec) loop.stop();
    });
    net::asio::co_spawn(loop, work_and_close(*std::move(session), std::move(todo)), [&](std::exception_ptr thrown, outcome ended) {
        result = thrown ? failed({errc::internal, "the command ended in an exception"}, false) : std::move(ended);
        loop.stop();
    });
    loop.run();
    signals.clear();  // or nothing would end a command that waits for whoever reads its answer
    if (!result) return finish(failed({errc::cancelled, "Operation was cancelled."}, false));
    return finish(*result);
}

int run_call(config::sentinel_settings const& settings, call todo) {
    return run_session(settings, [&](client::session& session) { return talk(session, std::move(todo)); });
}

int run_command(config::sentinel_settings const& settings, command asked) {
    auto ready = prepare(std::move(asked));
    if (!ready) return finish_without_input(ready.error());
    if (ready->asked.dry_run) {
        auto shown = preview(*ready, {settings.raw_prefix, settings.kubernetes_prefix}, settings.templates);
        return shown ? finish(*shown) : finish_without_input(shown.error());
    }
    if (ready->asked.what == verb::doctor)
        return run_session(settings, [&](client::session& session) { return examine_all(session, settings, ready->asked.output); });
    return run_call(settings, [&ready](client::safe_client& safe) { return perform(safe, *std::move(ready)); });
}

int run_apply(config::sentinel_settings const& settings, command const& asked) {
    auto text = read_data(asked.value);
    if (!text) return finish_without_input(text.error());
    auto const all = parse_script_or_list(*std::move(text), settings.generation_prefix);
    if (!all) return finish_without_input(all.error());
    bool printed = true;
    teller const tell = [&](block_news const& news) { printed = print(STDOUT_FILENO, told(news, asked.output) + '\n') && printed; };
    int const status = asked.dry_run
                           ? finish(preview(*all, {settings.raw_prefix, settings.kubernetes_prefix}, settings.templates, tell))
                           : run_call(settings, [&](client::safe_client& safe) { return apply(safe, *all, tell); });
    return status == 0 && !printed ? api::to_int(exit_status::usage) : status;
}

int run_render(config::sentinel_settings const& settings, command const& asked) {
    auto rendered = render(asked, settings.templates);
    forget(asked.value);
    if (!rendered) return finish_without_input(rendered.error());
    outcome result;
    result.out = *std::move(rendered);
    return finish(result);
}

int run_serve(config::sentinel_settings const& settings, std::vector<std::string> const& warnings) {
    begin_log("sentinel", settings.log, warnings);
    auto const ended = serve(settings);
    if (ended) return *ended;
    return finish(failed(ended.error(), false));
}

}  // namespace

int run_sentinel(arguments args) {
    std::vector<std::string> warnings;
    auto const settings = config::sentinel_settings::load(base::environment::of_process(), warnings);
    auto asked = settings ? parse_command_line(args, settings->generation_prefix) : parse_command_line(args);
    if (!asked) {
        auto result = failed(asked.error(), false);
        if (asked.error().code == errc::invalid) result.sentences.back() += " (Type `safe -h` for help.)";
        return finish(result);
    }
    if (asked->what == verb::help) return print_answer(help_text(sentinel_manual));
    if (asked->what == verb::version) return print_answer("vsecm " VSECM_VERSION "\n");
    if (!settings) return finish(failed(settings.error(), false));
    if (asked->what == verb::serve) return run_serve(*settings, warnings);
    if (asked->what == verb::render) return run_render(*settings, *asked);
    // What goes wrong is said once, as a sentence; log lines of warnings would say it twice.
    auto const level = settings->log.level == base::log::level::warn ? base::log::level::error : settings->log.level;
    base::log::configure(level, settings->log.format, "sentinel");
    // `sentinel serve` warns of these in the same pod; before every command they would only be noise.
    for (auto const& sentence : warnings) base::log::info("settings", {{"what", sentence}});
    if (asked->what == verb::apply) return run_apply(*settings, *asked);
    return run_command(*settings, *std::move(asked));
}

}  // namespace vsecm
