#include "roles/exec/role.hpp"

#include "client/waiting.hpp"
#include "net/runtime.hpp"
#include "role_frame.hpp"
#include "roles/exec/becoming.hpp"

#include <algorithm>

namespace vsecm {
namespace {

using base::errc, base::fail, base::option_kind, base::parsed_options;
using delivery::member;

enum option : int { opt_name, opt_prefix, opt_wait, opt_help };
constexpr base::option_row table[] = {
    {'n', "name", option_kind::single, opt_name, "VARIABLE", "the whole secret, byte for byte, in this one variable; any secret will do"},
    {'p', "prefix", option_kind::single, opt_prefix, "TEXT", "in front of every variable's name: DB_"},
    {'w', "wait", option_kind::single, opt_wait, "DURATION", "how long to wait for the secret, like 30s; 0 asks once; not given: for ever,\nas `vsecm init` does"},
    {'h', "help", option_kind::flag, opt_help, "", "this text"},
};

struct request {
    std::string name, prefix;  // empty: none
    std::optional<std::chrono::milliseconds> limit;
    arguments command;
};

base::result<request> understand(arguments args) {
    auto const dashes = static_cast<std::size_t>(std::ranges::find(args, std::string_view{"--"}) - args.begin());
    VSECM_TRY(given, base::parse_options(args.first(dashes), table));
    if (!given.words.empty() || dashes == args.size()) return fail(errc::invalid, "put -- and a program behind the options: vsecm exec -- PROGRAM ARGUMENTS");
    request asked{std::string(given.value(opt_name)), std::string(given.value(opt_prefix)), {}, args.subspan(dashes + 1)};
    if (asked.command.empty()) return fail(errc::invalid, "there is no program behind --");
    if (given.has(opt_name) && given.has(opt_prefix)) return fail(errc::invalid, "--prefix is for the members of a JSON object, --name for a secret as a whole");
    if (given.has(opt_name))
        if (auto good = delivery::check_variable_name(asked.name); !good) return pass(std::move(good), "--name");
    if (given.has(opt_prefix))
        if (auto good = delivery::check_variable_name(asked.prefix + "X"); !good) return pass(std::move(good), "--prefix");
    VSECM_TRY(limit, duration_option(given, opt_wait, "--wait"));
    asked.limit = limit;
    return asked;
}

base::result<std::vector<member>> variables_of(base::secret_text&& value, request const& asked) {
    if (asked.name.empty()) {
        auto found = delivery::variables_of(value.bytes(), asked.prefix);
        if (!found) found.error().what += "; --name VARIABLE puts the whole secret into one variable";
        return found;
    }
    if (value.view().contains('\0')) return fail(errc::invalid, "the secret has a NUL byte, which no variable can hold");
    std::vector<member> one;
    one.push_back({asked.name, std::move(value)});
    return one;
}

using outcome = base::result<client::fetched>;

net::awaitable<void> wait_and_stop(client::session& session, std::optional<std::chrono::milliseconds> limit, outcome& found, net::runtime& loop) {
    found = co_await client::wait_for_secret(session, {std::chrono::milliseconds{5000}, limit});
    loop.stop(0);
}

// Everything of ours that is open is gone when this returns. errc::cancelled: it was not waited to the end; `loop_status` says why.
base::result<outcome> fetch(config::inspector_settings const& settings, request const& asked, int& loop_status) {
    net::runtime loop(1);
    VSECM_TRY(session, client::session::make(loop.loop(0), settings.identity, settings.client, client::self_kind::any));
    outcome found = fail(errc::cancelled, "stopped by a signal");
    loop.spawn(0, "exec", wait_and_stop(session, asked.limit, found, loop));
    loop.on_stop("exec", [&session] { session.close(); });
    loop_status = loop.run();
    return found;
}

base::result<int> run(arguments args) {
    VSECM_TRY(asked, understand(args));
    VSECM_TRY(settings, begin_role<config::inspector_settings>("exec"));
    int loop_status = 0;
    VSECM_TRY(found, fetch(settings, asked, loop_status));
    if (!found && found.error().code == errc::cancelled) return status_of_broken_wait(loop_status);
    if (!found) {
        tell_failure("exec", found.error());
        return api::to_int(found.error().code == errc::not_found ? api::exit_status::not_found : client::exit_status_of_call(found.error().code));
    }
    VSECM_TRY(variables, variables_of(std::move(found->content.data), asked));
    return roles::exec::become(asked.command, variables);
}

}  // namespace

constexpr manual exec_manual{
    .title = "vsecm exec",
    .summary = "runs a program with this workload's secret in its environment",
    .usage = "vsecm exec [--prefix TEXT | --name VARIABLE] [--wait DURATION] -- PROGRAM ARGUMENTS...",
    .about = R"(For programs that read their secrets from the environment and cannot be changed. Everywhere else vsecm keeps secrets out of
it, because whoever may look into a process (/proc/PID/environ, a crash report, a child) sees its environment too, and because
a change of the secret reaches the program only when it is started again: prefer the sidecar's file.

It waits until the secret exists and then becomes PROGRAM, which is looked for on PATH: the same process number, the same
descriptors, nothing of vsecm left beside it. Core dumps stay off, since they would hold the secret.

A secret that is a JSON object becomes one variable a member, its name in upper case with `-` and `.` as `_`: {"db-user":"x"}
is DB_USER=x. Texts are decoded, null is empty, anything else is JSON. Names must then be letters, digits and `_`, no two the
same; PATH, IFS, ENV, PS4, LD_..., and the likes of NODE_OPTIONS, PYTHONPATH, OPENSSL_CONF and GIT_SSH_COMMAND, are
refused without a prefix: a secret is not to choose what a shell, a usual runtime, library or tool loads or starts. They win
over variables that are there. Any other secret needs --name.)",
    .options = table,
    .examples = R"(vsecm exec -- node server.js
vsecm exec --prefix DB_ --wait 30s -- sh -c 'exec psql "host=$DB_HOST user=$DB_USER password=$DB_PASSWORD"'
vsecm exec --name API_TOKEN -- ./worker --verbose)",
    .exit_status = R"(PROGRAM's own; 127 there is no such program; 126 it cannot be executed; 6 there is no secret; 4 no identity;
5 safe could not be reached; 2 safe refused; 3 safe is sealed; 1 usage, or a secret that is no variables; 143 stopped
while waiting)",
    .variables = config::by_exec,
};

int run_exec(arguments args) {
    if (args.empty() || args[0] == "--help" || args[0] == "-h") {
        constexpr std::string_view nothing[] = {""};
        return *answer_arguments(exec_manual, args.empty() ? arguments(nothing) : args);
    }
    auto const ended = run(args);
    return ended ? *ended : tell_failure("exec", ended.error());
}

}  // namespace vsecm
