#include "roles/dev/layout.hpp"

#include "base/folder_lock.hpp"
#include "base/try.hpp"
#include "roles/dev/own_folder.hpp"

#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace vsecm::roles::dev {
namespace {

using base::errc, base::fail;

constexpr std::size_t max_list_len = 1 << 20;
constexpr std::size_t max_name_len = 64;
constexpr std::chrono::seconds list_patience{10};

bool is_segment(std::string_view text) {
    if (text.empty() || text.size() > max_name_len || text == "." || text == "..") return false;
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (char const c : text) {
        if (c == '\'') out += "'\\''";
        else out += c;
    }
    return out + "'";
}

base::status write_text(std::string const& path, std::string const& text) {
    return base::replace_file(base::posix_files(), path, base::as_bytes(text), 0600);
}

}  // namespace

base::result<identity_name> parse_identity_name(std::string_view text) {
    identity_name who;
    auto const colon = text.find(':');
    who.name = text.substr(0, colon);
    if (colon != std::string_view::npos) who.space = text.substr(colon + 1);
    if (!is_segment(who.name) || !is_segment(who.space))
        return fail(errc::invalid, "`{}` is not NAME or NAME:NAMESPACE (letters, digits, `-`, `_` and `.`, at most {} each)", text, max_name_len);
    return who;
}

std::vector<identity_name> system_parts() {
    std::vector<identity_name> parts;
    for (auto const* name : {"vsecm-safe", "vsecm-sentinel", "vsecm-keystone"}) parts.push_back({name, std::string(system_space)});
    return parts;
}

base::result<layout> layout::open(std::string const& folder) {
    VSECM_TRY_OK(base::posix_files().make_folder(folder, 0700));
    char absolute[PATH_MAX];
    if (::realpath(folder.c_str(), absolute) == nullptr) return fail(errc::storage, "{}: {}", folder, std::strerror(errno));
    layout made{std::string(absolute)};
    VSECM_TRY_OK(made.check_socket_of("vsecm-sentinel"));  // the longest of the system's own
    // Files too: what somebody put there while he could stays when the folder's mode is mended. Deeper ones safe makes itself, 0700.
    VSECM_TRY(top, own_folder::open(made.folder_));
    VSECM_TRY_OK(top.check_entries());
    for (auto const* below : {"identity", "data", "env", "log"}) {
        VSECM_TRY(part, top.open_below(below));
        VSECM_TRY_OK(part.check_entries());
    }
    // A sidecar may be told to give its files to another user, and nobody reads them here.
    return top.open_below("secrets").transform([&made](own_folder const&) { return std::move(made); });
}

base::status layout::check_socket_of(std::string_view name) const {
    if (auto const path = socket_of(name); path.size() >= sizeof(::sockaddr_un::sun_path))
        return fail(errc::invalid, "{} is too long for a Unix socket ({} bytes at most): choose a folder with a shorter path", path, sizeof(::sockaddr_un::sun_path) - 1);
    return {};
}

std::string layout::spiffe_id_of(identity_name const& who) const {
    return std::format("spiffe://{}/workload/{}/ns/{}/sa/{}/n/dev", trust_domain, who.name, who.space, who.name);
}

base::result<std::vector<identity_name>> layout::workloads() const {
    auto text = base::read_file(path("workloads"), max_list_len);
    if (!text && text.error().code == errc::not_found) return std::vector<identity_name>{};
    if (!text) return std::unexpected(std::move(text).error());
    std::vector<identity_name> found;
    for (auto rest = text->view(); !rest.empty();) {
        auto const line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.empty()) continue;
        auto who = parse_identity_name(line);
        if (!who) return pass(std::move(who), path("workloads"));
        if (std::ranges::find(found, *who) == found.end()) found.push_back(*std::move(who));
    }
    return found;
}

base::status layout::enlist(std::vector<identity_name> const& more) const {
    VSECM_TRY(lock, base::lock_folder(folder_, list_patience));  // reading and writing is one step to other processes
    VSECM_TRY(listed, workloads());
    for (auto const& who : more) {
        if (std::ranges::contains(listed, who)) continue;
        auto taken = system_parts();
        taken.insert(taken.end(), listed.begin(), listed.end());
        auto const other = std::ranges::find(taken, who.name, &identity_name::name);
        if (other != taken.end()) return fail(errc::conflict, "`{}` is `{}:{}` here, and names its socket and its files: choose another name", who.name, other->name, other->space);
        listed.push_back(who);
    }
    std::string text;
    for (auto const& who : listed) text += who.name + ":" + who.space + "\n";
    return write_text(path("workloads"), text);
}

ports layout::last_ports() const {
    ports found;
    auto const text = base::read_file(path("ports"), 4096);
    if (!text) return found;
    auto const number = [&](std::string_view name) {
        std::uint16_t port = 0;
        if (auto const at = text->view().find(name); at != std::string_view::npos)
            std::from_chars(text->view().data() + at + name.size(), text->view().data() + text->size(), port);
        return port;
    };
    return {number("api="), number("live="), number("ready=")};
}

base::status layout::remember(ports const& used) const {
    return write_text(path("ports"), std::format("api={}\nlive={}\nready={}\n", used.api, used.live, used.ready));
}

std::vector<std::string> layout::environment_of(identity_name const& who, ports const& used) const {
    std::vector<std::string> pairs{
        "SPIFFE_ENDPOINT_SOCKET=unix://" + socket_of(who.name),
        "SPIFFE_TRUST_DOMAIN=" + std::string(trust_domain),
        std::format("VSECM_SAFE_ENDPOINT_URL=https://127.0.0.1:{}/", used.api),
    };
    if (who.space != system_space) pairs.push_back("VSECM_SIDECAR_SECRETS_PATH=" + path("secrets/" + who.name + ".json"));
    return pairs;
}

base::status layout::write_env(identity_name const& who, ports const& used) const {
    std::string text = "# To be " + spiffe_id_of(who) + ":   . " + path("env/" + who.name) + "\n";
    for (auto const& pair : environment_of(who, used)) {
        auto const equals = pair.find('=');
        text += "export " + pair.substr(0, equals + 1) + shell_quoted(pair.substr(equals + 1)) + "\n";
    }
    return write_text(path("env/" + who.name), text);
}

base::status layout::remove_envs() const {
    VSECM_TRY(entries, base::posix_files().list(path("env")));
    for (auto const& entry : entries)
        if (entry.kind == base::file_kind::regular) VSECM_TRY_OK(base::posix_files().remove(path("env/" + entry.name)));
    return {};
}

base::status layout::write_pid(std::string_view below, long pid) const { return write_text(path(below), std::to_string(pid) + "\n"); }

}  // namespace vsecm::roles::dev
