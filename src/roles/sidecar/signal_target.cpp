#include "roles/sidecar/signal_target.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "config/parse.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace vsecm::roles::sidecar {
namespace {

using base::errc, base::fail;

constexpr std::size_t longest_kernel_name = 15;
constexpr std::size_t max_number_len = 64;
constexpr std::string_view blanks = " \t\r\n";

std::optional<::pid_t> number_of(std::string_view text) {
    auto const number = config::parse_int(text);
    if (!number || *number < 1 || *number > (1 << 22)) return std::nullopt;  // the kernel's own limit
    return static_cast<::pid_t>(*number);
}

// A file of /proc says that it is empty, so it is read to its end, up to a bound.
std::string read_proc(std::string const& path) {
    auto const text = base::read_file(path, 1U << 16);
    return text ? std::string(text->view()) : std::string{};
}

struct seen_process {
    ::pid_t number, parent;
};

// "PID (name) state parent …": the name may hold anything, so what follows is found from its end.
std::optional<seen_process> match(std::string const& proc, ::pid_t number, std::string_view name) {
    auto const folder = proc + "/" + std::to_string(number);
    auto const stat = read_proc(folder + "/stat");
    auto const opened = stat.find('(');
    auto const closed = stat.rfind(')');
    if (opened == stat.npos || closed == stat.npos || closed < opened || stat.size() < closed + 5) return std::nullopt;
    if (stat[closed + 2] == 'Z') return std::nullopt;
    std::string_view const rest = std::string_view(stat).substr(closed + 4);
    auto const parent = config::parse_int(rest.substr(0, rest.find(' ')));
    auto const kernel_name = std::string_view(stat).substr(opened + 1, closed - opened - 1);
    std::string words;
    bool same = kernel_name == name.substr(0, longest_kernel_name) && name.size() <= longest_kernel_name;
    if (!same) {
        words = read_proc(folder + "/cmdline");
        auto const first = std::string_view(words).substr(0, words.find('\0'));
        same = first.substr(first.rfind('/') + 1) == name;
    }
    if (!same) return std::nullopt;
    return seen_process{number, static_cast<::pid_t>(parent.value_or(0))};
}

}  // namespace

base::result<::pid_t> read_pid_file(std::string const& path) {
    VSECM_TRY(text, base::read_file(path, max_number_len));
    auto view = text.view();
    view.remove_prefix(std::min(view.find_first_not_of(blanks), view.size()));
    view = view.substr(0, view.find_last_not_of(blanks) + 1);
    auto const number = number_of(view);
    if (!number) return fail(errc::invalid, "{} does not hold the number of a process", path);
    if (*number == ::getpid()) return fail(errc::invalid, "{} holds the number of this process", path);
    return *number;
}

base::result<std::vector<::pid_t>> find_processes(std::string const& proc, std::string_view name) {
    VSECM_TRY(entries, base::posix_files().list(proc));
    std::vector<seen_process> found;
    for (auto const& entry : entries) {
        auto const number = number_of(entry.name);
        if (!number || *number == ::getpid()) continue;
        if (auto const process = match(proc, *number, name)) found.push_back(*process);
    }
    std::vector<::pid_t> eldest;
    for (auto const& process : found)
        if (!std::ranges::contains(found, process.parent, &seen_process::number)) eldest.push_back(process.number);
    if (eldest.empty()) return fail(errc::not_found, "no process is called {} (the pod needs shareProcessNamespace)", name);
    return eldest;
}

base::status send_signal(::pid_t to, int number) {
    if (::kill(to, number) == 0) return {};
    auto const code = errno == ESRCH ? errc::not_found : errc::denied;
    return fail(code, "signalling process {}: {}", to, std::strerror(errno));
}

base::status send_signal_to_all(std::span<::pid_t const> to, int number) {
    std::vector<base::error> failures;
    for (auto const process : to)
        if (auto sent = send_signal(process, number); !sent) failures.push_back(std::move(sent).error());
    if (!failures.empty() && failures.size() == to.size()) return std::unexpected(std::move(failures.front()));
    for (auto const& failure : failures) base::log::warn("process_not_told", {{"what", failure.what}});
    return {};
}

}  // namespace vsecm::roles::sidecar
