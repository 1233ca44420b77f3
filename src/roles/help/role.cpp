#include "roles/help/role.hpp"

#include "config/variables.hpp"
#include "role_frame.hpp"
#include "roles/help/completion.hpp"
#include "roles/help/man_page.hpp"

#include <algorithm>

namespace vsecm {
namespace {

using base::errc, base::fail;

constexpr std::string_view words[] = {"env", "man", "completion"};

base::result<std::string> text_of(arguments args) {
    if (args.size() == 1 && args[0] == "env") return config::variables_help();
    if (args.size() == 2 && args[0] == "completion") return roles::help::completion_script(args[1]);
    auto const name = args.size() == 2 && args[0] == "man" ? args[1] : std::string_view{};
    if (name.empty()) return fail(errc::invalid, "type `vsecm help ROLE`, `vsecm help env`, `vsecm help man ROLE` or `vsecm help completion SHELL`");
    auto const found = std::ranges::find(all_roles(), name, &role::name);
    if (found == all_roles().end()) return fail(errc::invalid, "there is no such role: `vsecm` lists them");
    return roles::help::man_page(*found);
}

}  // namespace

constexpr manual help_manual{
    .title = "vsecm help",
    .summary = "tells about roles and variables; man pages and completion for shells",
    .usage = R"(vsecm help ROLE                   what `vsecm ROLE --help` prints
vsecm help env                    every variable with its default
vsecm help man ROLE               the role's man page
vsecm help completion SHELL       a completion script for bash, zsh or fish)",
    .examples = R"(vsecm help man sentinel > /usr/local/share/man/man1/vsecm-sentinel.1
. <(vsecm help completion bash)
vsecm help completion fish > ~/.config/fish/completions/vsecm.fish)",
    .words = words,
};

int run_help(arguments args) {
    bool const is_role = args.size() == 1 && std::ranges::contains(all_roles(), args[0], &role::name);
    if (is_role && args[0] != "help") {
        std::string_view const command[] = {"vsecm", args[0], "--help"};
        return run_vsecm(command);
    }
    bool const wants_help = args.size() == 1 && (args[0] == "help" || args[0] == "--help" || args[0] == "-h");
    auto const text = wants_help ? base::result<std::string>(help_text(help_manual)) : text_of(args);
    return text ? print_answer(*text) : tell_failure("help", text.error());
}

}  // namespace vsecm
