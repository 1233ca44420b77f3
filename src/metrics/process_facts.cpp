#include "metrics/process_facts.hpp"

#include "base/file.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <charconv>

namespace vsecm::metrics {
namespace {

using std::chrono::nanoseconds;

// The `index`th word, from 0, as a number.
std::optional<std::uint64_t> number_at(std::string_view text, std::size_t index) {
    for (; index > 0; --index) {
        auto const space = text.find(' ');
        if (space == text.npos) return std::nullopt;
        text.remove_prefix(space + 1);
    }
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return std::nullopt;
    return value;
}

nanoseconds now_of(::clockid_t clock) {
    ::timespec now{};
    ::clock_gettime(clock, &now);
    return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

nanoseconds length_of(::timeval const& t) { return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec); }

// proc(5), /proc/pid/stat: field 22 is the start, in ticks since the machine's. The second field is a name that may hold anything.
std::optional<base::system_time> start_of_process() {
    auto const stat = base::read_file("/proc/self/stat", 4096);
    auto const ticks_a_second = ::sysconf(_SC_CLK_TCK);
    if (!stat || ticks_a_second <= 0) return std::nullopt;
    auto const text = stat->view();
    auto const name_ends = text.rfind(") ");
    if (name_ends == text.npos) return std::nullopt;
    auto const ticks = number_at(text.substr(name_ends + 2), 19);
    if (!ticks) return std::nullopt;
    auto const age = now_of(CLOCK_BOOTTIME) - nanoseconds(std::chrono::seconds(1)) / ticks_a_second * static_cast<std::int64_t>(*ticks);
    return base::system_time(now_of(CLOCK_REALTIME) - age);
}

std::optional<std::uint64_t> num_open_files() {
    constexpr auto folder = "/proc/self/fd";
    struct ::stat info {};
    if (::stat(folder, &info) != 0) return std::nullopt;
    if (info.st_size > 0) return static_cast<std::uint64_t>(info.st_size);  // Linux 6.2 and later
    auto* const all = ::opendir(folder);
    if (all == nullptr) return std::nullopt;
    std::uint64_t entries = 0;
    while (::readdir(all) != nullptr) ++entries;
    ::closedir(all);
    return entries - 3;  // "." and "..", and the folder itself
}

}  // namespace

process_facts::process_facts() : started_(start_of_process()) {}

void process_facts::write(page& out) const {
    if (started_) out.gauge("process_start_time_seconds", "When the process was started, in seconds since 1970.").add(*started_);
    ::rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) == 0)
        out.counter("process_cpu_seconds_total", "Processor time spent, of user and system together.").add(length_of(used.ru_utime) + length_of(used.ru_stime));
    if (auto const statm = base::read_file("/proc/self/statm", 4096)) {
        auto const page_len = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        if (auto const pages = number_at(statm->view(), 1))
            out.gauge("process_resident_memory_bytes", "Memory in use, the program itself included.").add(*pages * page_len);
        if (auto const pages = number_at(statm->view(), 0)) out.gauge("process_virtual_memory_bytes", "Address space in use.").add(*pages * page_len);
    }
    if (auto const open = num_open_files()) out.gauge("process_open_fds", "Open file descriptors.").add(*open);
    ::rlimit most{};
    if (::getrlimit(RLIMIT_NOFILE, &most) == 0) out.gauge("process_max_fds", "How many file descriptors may be open.").add(most.rlim_cur);
}

}  // namespace vsecm::metrics
