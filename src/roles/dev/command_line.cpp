#include "roles/dev/command_line.hpp"

#include "base/try.hpp"
#include "config/parse.hpp"
#include "config/variables.hpp"
#include "roles/dev/role.hpp"

namespace vsecm::roles::dev {

using base::errc;
using base::fail;
using base::option_kind;

namespace {

enum option { o_help, o_dir, o_workload, o_svid_ttl };

constexpr base::option_row table[] = {
    {'\0', "dir", option_kind::single, o_dir, "DIR", "the folder of this system; made if it is not there"},
    {'\0', "workload", option_kind::list, o_workload, "NAME", "NAME or NAME:NAMESPACE; may be repeated"},
    {'\0', "svid-ttl", option_kind::single, o_svid_ttl, "SECONDS", "how long an identity lives; it is rotated at half of that (default: 3600)"},
    {'h', "help", option_kind::flag, o_help, "", "this text"},
};
constexpr std::string_view words[] = {"add"};

base::result<std::chrono::seconds> svid_ttl_of(base::parsed_options const& given) {
    if (!given.has(o_svid_ttl)) return command{}.svid_ttl;
    constexpr std::int64_t shortest = 2, longest = 31 * 86400;
    auto const seconds = config::parse_int(given.value(o_svid_ttl));
    if (!seconds || *seconds < shortest || *seconds > longest)
        return fail(errc::invalid, "--svid-ttl takes seconds, from {} to {}", shortest, longest);
    return std::chrono::seconds{*seconds};
}

}  // namespace

base::result<command> parse_command_line(arguments args) {
    command asked;
    if (!args.empty() && args[0] == "add") {
        asked.what = command::kind::add;
        args = args.subspan(1);
    }
    VSECM_TRY(given, base::parse_options(args, table));
    if (given.has(o_help)) {
        asked.what = command::kind::help;
        return asked;
    }
    bool const adds = asked.what == command::kind::add;
    asked.folder = given.value(o_dir);
    if (asked.folder.empty()) return fail(errc::invalid, "give the folder by --dir");
    if (adds && (given.has(o_workload) || given.has(o_svid_ttl))) return fail(errc::invalid, "`add` takes --dir and the names of workloads, nothing else");
    if (adds && given.words.empty()) return fail(errc::invalid, "give the workload to add, as NAME or NAME:NAMESPACE");
    if (!adds && !given.words.empty()) return fail(errc::invalid, "`{}` belongs to no option: workloads are given by --workload", given.words[0]);
    VSECM_TRY(ttl, svid_ttl_of(given));
    asked.svid_ttl = ttl;
    for (auto const text : adds ? given.words : given.values(o_workload)) {
        VSECM_TRY(who, parse_identity_name(text));
        asked.workloads.push_back(std::move(who));
    }
    return asked;
}

}  // namespace vsecm::roles::dev

namespace vsecm {

constexpr manual dev_manual{
    .title = "vsecm dev",
    .summary = "the whole system on this machine: an identity issuer and a safe, on loopback",
    .usage = R"(vsecm dev --dir DIR [--workload NAME[:NAMESPACE]]... [--svid-ttl SECONDS]
vsecm dev add --dir DIR NAME[:NAMESPACE]...                gives a running `vsecm dev` another workload)",
    .options = roles::dev::table,
    .notes = R"(The folder keeps everything: run it again and it goes on where it was. Ctrl-C stops it. For development only: whoever
can open a socket below identity/ is that identity. So the folder must be yours, and nobody else may write into it.)",
    .examples = R"(vsecm dev --dir ./playground --workload billing --workload shipping:prod
. ./playground/env/vsecm-sentinel; vsecm sentinel -w billing -s 'TopSecret'      (another terminal: the operator)
. ./playground/env/billing; vsecm inspector                                    (and another: the workload)
vsecm dev add --dir ./playground reporting)",
    .words = roles::dev::words,
    .variables = config::by_dev,
};

}  // namespace vsecm
