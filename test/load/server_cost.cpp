#include "load/server_cost.hpp"

#include <dirent.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <format>
#include <string_view>

namespace vsecm::load {
namespace {

int count_instructions(int tid, bool kernel) {
    perf_event_attr what{};
    what.size = sizeof what;
    what.type = PERF_TYPE_HARDWARE;
    what.config = PERF_COUNT_HW_INSTRUCTIONS;
    what.exclude_kernel = !kernel;
    what.exclude_user = kernel;
    what.exclude_hv = 1;
    return static_cast<int>(::syscall(SYS_perf_event_open, &what, tid, -1, -1, 0));
}

double counted(int counter) {
    std::uint64_t value = 0;
    return counter >= 0 && ::read(counter, &value, sizeof value) == sizeof value ? static_cast<double>(value) : 0.0;
}

// Time on a CPU in nanoseconds, user and system together: the first number of schedstat.
double on_cpu(int pid, int tid) {
    std::FILE* const file = std::fopen(std::format("/proc/{}/task/{}/schedstat", pid, tid).c_str(), "r");
    if (!file) return 0;
    char text[128] = {};
    bool const good = std::fgets(text, sizeof text, file) != nullptr;
    std::fclose(file);
    return good ? std::strtod(text, nullptr) : 0;
}

std::string name_of(int pid, int tid) {
    if (pid == tid) return "main";
    std::FILE* const file = std::fopen(std::format("/proc/{}/task/{}/comm", pid, tid).c_str(), "r");
    if (!file) return {};
    char text[32] = {};
    bool const good = std::fgets(text, sizeof text, file) != nullptr;
    std::fclose(file);
    return good ? std::string(text, std::strcspn(text, "\n")) : std::string{};
}

double anonymous_of(int pid) {
    std::FILE* const file = std::fopen(std::format("/proc/{}/status", pid).c_str(), "r");
    if (!file) return 0;
    char line[256];
    double bytes = 0;
    while (std::fgets(line, sizeof line, file)) {
        if (std::string_view(line).starts_with("RssAnon:")) bytes = std::strtod(line + 8, nullptr) * 1024;
    }
    std::fclose(file);
    return bytes;
}

}  // namespace

server_meter::server_meter(std::vector<int> const& pids) : pids_(pids) {
    for (int const pid : pids) {
        DIR* const folder = ::opendir(std::format("/proc/{}/task", pid).c_str());
        if (!folder) continue;
        while (auto const* entry = ::readdir(folder)) {
            if (int const tid = std::atoi(entry->d_name); tid > 0) {
                threads_.push_back({pid, tid, count_instructions(tid, false), count_instructions(tid, true), name_of(pid, tid)});
            }
        }
        ::closedir(folder);
    }
}

server_meter::~server_meter() {
    for (auto const& t : threads_) {
        if (t.user_counter >= 0) ::close(t.user_counter);
        if (t.kernel_counter >= 0) ::close(t.kernel_counter);
    }
}

server_cost server_meter::read() const {
    server_cost sum;
    for (int const pid : pids_) sum.anonymous_bytes += anonymous_of(pid);
    for (auto const& t : threads_) {
        sum.threads.push_back({t.name, on_cpu(t.pid, t.tid) / 1e9});
        sum.cpu_seconds += sum.threads.back().cpu_seconds;
        sum.user_instructions += counted(t.user_counter);
        sum.kernel_instructions += counted(t.kernel_counter);
    }
    return sum;
}

}  // namespace vsecm::load
