#include "roles.hpp"

#include "config/parse.hpp"
#include "role_frame.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace vsecm {
namespace {

constexpr int no_such_role = 127;

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

role const* find_role(std::string_view name) {
    auto const roles = all_roles();
    auto const found = std::ranges::find(roles, name, &role::name);
    return found == roles.end() ? nullptr : &*found;
}

alias const* find_alias(std::string_view invoked_as) {
    for (auto const& a : all_aliases())
        if (a.invoked_as == (a.invoked_as.starts_with('/') ? invoked_as : base_name(invoked_as))) return &a;
    return nullptr;
}

std::string list_of_roles() {
    std::string text =
        "vsecm " VSECM_VERSION
        " - secrets reach exactly the workloads whose SPIFFE identity names them\n\n"
        "usage: vsecm ROLE [ARGUMENTS]      (vsecm ROLE --help tells more)\n\n";
    for (auto const& r : all_roles()) text += std::string("  ") + std::string(r.name) + std::string(12 - r.name.size(), ' ') + std::string(r.book.summary) + "\n";
    text +=
        "\nTry it:   vsecm demo\n"
        "Called as `safe`, this program is the operator's command line (vsecm sentinel).\n"
        "Settings: vsecm help env\n";
    return text;
}

// Parts of the original that are not built, as they are called; its images call them so, or with `vsecm-` in front.
struct missing_part {
    std::string_view name, what_then;
};
constexpr missing_part missing_parts[] = {
    {"scout", "`raw:` secrets are read with the identity of vsecm-scout, by whatever program has it"},
    {"relay", "one safe serves whoever reaches it"},
    {"relay-client", "one safe serves whoever reaches it"},
    {"relay-server", "one safe serves whoever reaches it"},
};

missing_part const* find_missing(std::string_view name) {
    if (name.starts_with("vsecm-")) name.remove_prefix(6);
    auto const* const found = std::ranges::find(missing_parts, name, &missing_part::name);
    return found == std::end(missing_parts) ? nullptr : found;
}

int not_built(missing_part const& part) {
    auto const text = "vsecm: the original's `" + std::string(part.name) + "` is not built: " + std::string(part.what_then) + ".\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
    return no_such_role;
}

int unknown_role(std::string_view name) {
    auto const roles = all_roles();
    auto const nearest = std::ranges::min_element(roles, {}, [&](role const& r) { return config::edit_distance(name, r.name); });
    std::string text = "vsecm: there is no role `" + std::string(name) + "`.";
    if (nearest != roles.end() && config::edit_distance(name, nearest->name) <= 3) text += " Did you mean `vsecm " + std::string(nearest->name) + "`?";
    text += " Type `vsecm` for the list.\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
    return no_such_role;
}

int run_with(role const& r, std::string_view prefix, std::span<std::string_view const> rest) {
    std::vector<std::string_view> words;
    if (!prefix.empty()) words.push_back(prefix);
    words.insert(words.end(), rest.begin(), rest.end());
    return r.run(words);
}

}  // namespace

int run_vsecm(std::span<std::string_view const> argv) {
    auto const invoked_as = argv.empty() ? std::string_view{"vsecm"} : argv[0];
    auto const rest = argv.empty() ? argv : argv.subspan(1);
    if (auto const* a = find_alias(invoked_as))
        if (auto const* r = find_role(a->role_name)) return run_with(*r, a->prefix_argument, rest);
    if (auto const name = base_name(invoked_as); name.starts_with("vsecm-"))
        if (auto const* r = find_role(name.substr(6))) return r->run(rest);
    if (auto const* part = find_missing(base_name(invoked_as))) return not_built(*part);

    if (rest.empty() || rest[0] == "--help" || rest[0] == "-h" || (rest[0] == "help" && rest.size() == 1)) return print_answer(list_of_roles());
    if (rest[0] == "--version") return print_answer("vsecm " VSECM_VERSION "\n");
    if (auto const* r = find_role(rest[0])) return r->run(rest.subspan(1));
    if (auto const* part = find_missing(rest[0])) return not_built(*part);
    return unknown_role(rest[0]);
}

}  // namespace vsecm
