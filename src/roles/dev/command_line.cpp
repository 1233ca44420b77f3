#include "roles/dev/command_line.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace vsecm::roles::dev {
namespace {

constexpr char const* footer =
    "\nExamples:\n"
    "  vsecm dev --dir ./playground --workload billing --workload shipping:prod\n"
    "  . ./playground/env/vsecm-sentinel; vsecm sentinel -w billing -s 'TopSecret'      (another terminal: the operator)\n"
    "  . ./playground/env/billing; vsecm inspector                                    (and another: the workload)\n"
    "  vsecm dev add --dir ./playground reporting\n"
    "\nThe folder keeps everything: run it again and it goes on where it was. Ctrl-C stops it. For development only: whoever\n"
    "can open a socket below identity/ is that identity.\n";

}  // namespace

std::expected<command, int> parse_command_line(arguments args) {
    CLI::App app{"vsecm dev - the whole system on this machine: an identity issuer and a safe, on loopback", "vsecm dev"};
    app.footer(footer);
    command asked;
    std::string add_folder;
    std::vector<std::string> workloads, added;
    long ttl = 3600;
    app.add_option("--dir", asked.folder, "the folder of this system; made if it is not there");
    app.add_option("--workload", workloads, "NAME or NAME:NAMESPACE; may be repeated")->allow_extra_args(false);
    app.add_option("--svid-ttl", ttl, "seconds an identity lives; it is rotated at half of that")->check(CLI::Range(2L, 31L * 86400));
    auto* add = app.add_subcommand("add", "gives a running `vsecm dev` another workload");
    add->add_option("--dir", add_folder, "the folder of the running system")->required();
    add->add_option("workload", added, "NAME or NAME:NAMESPACE")->required();
    try {
        std::vector<std::string> words(args.rbegin(), args.rend());  // CLI11 takes them from the back
        app.parse(words);
        asked.what = add->parsed() ? command::kind::add : command::kind::serve;
        if (asked.what == command::kind::add) asked.folder = add_folder;
        if (asked.folder.empty()) throw CLI::RequiredError("--dir DIR");
    } catch (CLI::ParseError const& problem) {
        return std::unexpected(app.exit(problem) == 0 ? 0 : 1);
    }
    asked.svid_ttl = std::chrono::seconds{ttl};
    for (auto const& text : asked.what == command::kind::add ? added : workloads) {
        auto who = parse_identity_name(text);
        if (!who) {
            std::fprintf(stderr, "vsecm dev: %s\n", who.error().what.c_str());
            return std::unexpected(1);
        }
        asked.workloads.push_back(*std::move(who));
    }
    return asked;
}

}  // namespace vsecm::roles::dev
