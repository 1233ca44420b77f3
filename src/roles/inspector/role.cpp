#include "roles/inspector/role.hpp"

#include "base/try.hpp"
#include "client/session.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace vsecm {
namespace {

constexpr std::string_view help =
    "vsecm inspector - what would this workload see?\n"
    "\n"
    "usage: vsecm inspector            fetches once with this process's identity and prints the secret\n"
    "       vsecm inspector --idle     does nothing until it is stopped: keeps a pod alive to run the above in\n"
    "\n"
    "  kubectl exec $INSPECTOR -- ./env\n"
    "  . ./playground/env/billing; vsecm inspector\n"
    "\n"
    "Exit statuses: 0 printed; 6 there is no secret for this identity (nothing on standard output); 4 no identity;\n"
    "5 safe could not be reached; 2 safe refused; 3 safe is sealed.\n";

int idle() {
    ::sigset_t ends;
    ::sigemptyset(&ends);
    ::sigaddset(&ends, SIGTERM);
    ::sigaddset(&ends, SIGINT);
    ::sigprocmask(SIG_BLOCK, &ends, nullptr);
    int number = 0;
    ::sigwait(&ends, &number);
    return 0;
}

std::string_view sentence_of(api::absence why) {
    switch (why) {
        case api::absence::absent: return "there is no secret for this workload";
        case api::absence::deleted: return "there is no secret for this workload (any more)";
        case api::absence::not_yet: return "the secret is not valid yet";
        case api::absence::expired: return "the secret has expired";
    }
    return "there is no secret";
}

bool print(std::string_view text) {
    while (!text.empty()) {
        auto const n = ::write(STDOUT_FILENO, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

int complain(std::string_view sentence, api::exit_status status) {
    std::fprintf(stderr, "vsecm inspector: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
    return api::to_int(status);
}

int show(client::fetched const& found) {
    if (found.what != client::fetched::kind::value) return complain(sentence_of(found.why), api::exit_status::not_found);
    if (!print(found.content.data.view()) || !print("\n")) return complain("standard output could not be written", api::exit_status::usage);
    return 0;
}

net::awaitable<base::result<client::fetched>> fetch_once(client::session& session) {
    VSECM_CO_TRY_OK(co_await session.open(spiffe::svid_source::patience::until_first_error));
    co_return co_await session.safe().fetch();
}

base::result<int> run() {
    std::vector<std::string> warnings;
    VSECM_TRY(settings, config::inspector_settings::load(base::environment::of_process(), warnings));
    base::log::configure(settings.log.level, settings.log.format, "inspector");
    for (auto const& sentence : warnings) base::log::warn("settings", {{"what", sentence}});
    net::asio::io_context loop(1);
    VSECM_TRY(session, client::session::make(loop.get_executor(), settings.identity, settings.client, client::self_kind::any));
    int status = 1;
    net::asio::co_spawn(loop, fetch_once(session), [&](std::exception_ptr thrown, base::result<client::fetched> found) {
        if (thrown) status = complain("the fetch ended in an exception", api::exit_status::usage);
        else status = found ? show(*found) : complain(found.error().what, client::exit_status_of_call(found.error().code));
        loop.stop();
    });
    loop.run();
    return status;
}

}  // namespace

int run_inspector(arguments args) {
    if (args.size() == 1 && args[0] == "--idle") return idle();
    if (!args.empty()) {
        bool const asked = args[0] == "--help" || args[0] == "-h";
        std::fwrite(help.data(), 1, help.size(), asked ? stdout : stderr);
        return asked ? 0 : 1;
    }
    auto ended = run();
    return ended ? *ended : complain(ended.error().what, api::exit_status_of(ended.error().code));
}

}  // namespace vsecm
