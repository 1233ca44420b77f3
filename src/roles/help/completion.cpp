#include "roles/help/completion.hpp"

#include <algorithm>
#include <format>
#include <ranges>

namespace vsecm::roles::help {
namespace {

using base::option_kind, base::option_row;

// --- what an option's value is ----------------------------------------------------------------------------------------
bool takes_value(option_row const& row) { return row.kind != option_kind::flag; }
bool is_shown(option_row const& row) { return !row.doc.empty(); }
bool is_choice(option_row const& row) { return row.value.contains('|'); }
bool is_file(option_row const& row) { return row.value == "FILE"; }
bool is_folder(option_row const& row) { return row.value == "DIR"; }

std::string choices(option_row const& row) {
    std::string words(row.value);
    std::ranges::replace(words, '|', ' ');
    return words;
}

// As it is typed: -w and --workload.
std::vector<std::string> spellings(option_row const& row) {
    std::vector<std::string> all;
    if (row.letter != '\0') all.push_back(std::string{'-', row.letter});
    all.push_back("--" + std::string(row.name));
    return all;
}

// The first line in single quotes, for a POSIX shell or fish, without what zsh's _arguments gives a meaning to.
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (char const c : text.substr(0, text.find('\n'))) {
        if (c == '\'')
            out += "’";
        else if (c == '[' || c == ']' || c == ':' || c == '\\')
            out += c == ':' ? ' ' : '|';
        else
            out += c;
    }
    return out + "'";
}

std::string joined(std::span<std::string_view const> words) {
    std::string out;
    for (auto const word : words) out.append(out.empty() ? "" : " ").append(word);
    return out;
}

std::string role_names() {
    std::string out;
    for (auto const& r : all_roles()) out.append(out.empty() ? "" : " ").append(r.name);
    return out;
}

// --- bash -------------------------------------------------------------------------------------------------------------
constexpr std::string_view bash_head = R"(# bash completion for vsecm and safe; made by `vsecm help completion bash`.
_vsecm() {
    local current=${COMP_WORDS[COMP_CWORD]} previous= role=sentinel words='' options=''
    ((COMP_CWORD > 0)) && previous=${COMP_WORDS[COMP_CWORD-1]}
    COMPREPLY=()
    if [[ ${1##*/} == vsecm ]]; then
        if ((COMP_CWORD == 1)); then
            mapfile -t COMPREPLY < <(compgen -W "$VSECM_ROLES" -- "$current")
            return
        fi
        role=${COMP_WORDS[1]}
    fi
    case "$role $previous" in
)";
constexpr std::string_view bash_middle = R"(    esac
    case $role in
)";
constexpr std::string_view bash_tail = R"(    esac
    mapfile -t COMPREPLY < <(compgen -W "$words $options" -- "$current")
}
complete -o default -F _vsecm vsecm safe
)";

std::string bash() {
    std::string out(bash_head);
    out.replace(out.find("$VSECM_ROLES"), 12, role_names());
    for (auto const& r : all_roles()) {
        for (auto const& row : r.book.options | std::views::filter(is_shown)) {
            if (!takes_value(row)) continue;
            std::string at;
            for (auto const& s : spellings(row)) at += std::format("{}'{} {}'", at.empty() ? "" : "|", r.name, s);
            auto const how = is_choice(row) ? "-W '" + choices(row) + "'" : is_file(row) ? "-f" : is_folder(row) ? "-d" : "";
            out += how.empty() ? std::format("        {}) return ;;\n", at)
                               : std::format("        {}) mapfile -t COMPREPLY < <(compgen {} -- \"$current\"); return ;;\n", at, how);
        }
    }
    out += bash_middle;
    for (auto const& r : all_roles()) {
        std::string options;
        for (auto const& row : r.book.options | std::views::filter(is_shown))
            for (auto const& s : spellings(row)) options.append(options.empty() ? "" : " ").append(s);
        out += std::format("        {}) words='{}' options='{}' ;;\n", r.name, joined(r.book.words), options);
    }
    return out.append(bash_tail);
}

// --- zsh --------------------------------------------------------------------------------------------------------------
std::string zsh_value(option_row const& row) {
    if (!takes_value(row)) return "";
    auto const action = is_choice(row) ? "(" + choices(row) + ")" : is_file(row) ? "_files" : is_folder(row) ? "_files -/" : " ";
    return std::format("':{}:{}'", is_choice(row) ? "one of" : std::string(row.value), action);
}

std::string zsh() {
    std::string out = "#compdef vsecm safe\n# zsh completion; made by `vsecm help completion zsh`.\n";
    for (auto const& r : all_roles()) {
        out += std::format("_vsecm_{}() {{\n    _arguments -S", r.name);
        for (auto const& row : r.book.options | std::views::filter(is_shown))
            for (auto const& s : spellings(row))
                out += std::format(" \\\n        '{}{}['{}']'{}", row.kind == option_kind::list ? "*" : "", s, quoted(row.doc), zsh_value(row));
        if (!r.book.words.empty()) out += std::format(" \\\n        '1:subcommand:({})'", joined(r.book.words));
        out += " \\\n        '*: :_files'\n}\n";
    }
    out += "_vsecm() {\n    if [[ ${service:t} == safe ]]; then _vsecm_sentinel; return; fi\n    if ((CURRENT == 2)); then\n        local -a roles=(";
    for (auto const& r : all_roles()) out += "\n            '" + std::string(r.name) + ":'" + quoted(r.book.summary);
    out += ")\n        _describe role roles\n        return\n    fi\n    local role=${words[2]}\n    shift words\n    ((CURRENT--))\n";
    return out + "    (($+functions[_vsecm_$role])) && _vsecm_$role\n}\n_vsecm \"$@\"\n";
}

// --- fish -------------------------------------------------------------------------------------------------------------
void add_fish(std::string& out, std::string_view command, std::string_view when, manual const& book) {
    auto const begin = std::format("complete -c {}{}", command, when);
    for (auto const word : book.words) out += std::format("{} -f -a {}\n", begin, word);
    for (auto const& row : book.options | std::views::filter(is_shown)) {
        out += begin;
        if (row.letter != '\0') out += std::format(" -s {}", row.letter);
        out += std::format(" -l {} -d {}", row.name, quoted(row.doc));
        if (takes_value(row)) out += is_choice(row) ? " -x -a '" + choices(row) + "'" : is_file(row) || is_folder(row) ? " -r -F" : " -x";
        out += '\n';
    }
}

std::string fish() {
    std::string out = "# fish completion for vsecm and safe; made by `vsecm help completion fish`.\ncomplete -c vsecm -f\ncomplete -c safe -f\n";
    for (auto const& r : all_roles()) {
        out += std::format("complete -c vsecm -n __fish_use_subcommand -a {} -d {}\n", r.name, quoted(r.book.summary));
        add_fish(out, "vsecm", std::format(" -n '__fish_seen_subcommand_from {}'", r.name), r.book);
        if (r.name == "sentinel") add_fish(out, "safe", "", r.book);
    }
    return out;
}

}  // namespace

base::result<std::string> completion_script(std::string_view shell) {
    if (shell == "bash") return bash();
    if (shell == "zsh") return zsh();
    if (shell == "fish") return fish();
    return base::fail(base::errc::invalid, "completion is there for bash, zsh and fish");
}

}  // namespace vsecm::roles::help
