#include "base/child_process.hpp"

#include "base/file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace vsecm::base {
namespace {

std::vector<char*> pointers(std::vector<std::string> const& words) {
    std::vector<char*> out;
    for (auto const& word : words) out.push_back(const_cast<char*>(word.c_str()));
    out.push_back(nullptr);
    return out;
}

// Moves `fd` to `number` so that it survives the exec. dup2 onto itself would leave close-on-exec set.
bool place(int fd, int number) {
    if (fd == number) return ::fcntl(fd, F_SETFD, 0) == 0;
    return ::dup2(fd, number) >= 0;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char const* program, char* const* argv, char* const* environment, child_options const& options, int null, ::pid_t parent, int report) {
    bool good = true;
    if (options.die_with_parent) good = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
    if (options.own_group) good = ::setpgid(0, 0) == 0 && good;
    if (options.umask) ::umask(*options.umask);
    ::sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int const number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE, SIGXFSZ}) ::signal(number, SIG_DFL);
    good = good && place(options.in >= 0 ? options.in : null, 0);
    good = good && (options.out < 0 || place(options.out, 1)) && (options.err < 0 || place(options.err, 2));
    if (good) ::execve(program, argv, environment);
    int const why = errno;
    [[maybe_unused]] auto const ignored = ::write(report, &why, sizeof why);
    ::_exit(127);
}

int status_of(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

}  // namespace

result<child_process> child_process::start(std::string const& program, child_options const& options) {
    auto const argv = pointers(options.argv);
    auto const environment = pointers(options.environment);
    // A pipe that has ended is as empty as /dev/null, which an empty container may lack.
    int nothing[2], ends[2];
    if (::pipe2(nothing, O_CLOEXEC) != 0) return fail(errc::unavailable, "starting {}: {}", program, std::strerror(errno));
    unique_fd const null{nothing[0]};
    unique_fd(nothing[1]).reset();
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(errc::unavailable, "starting {}: {}", program, std::strerror(errno));
    unique_fd reader{ends[0]}, writer{ends[1]};
    auto const parent = ::getpid();
    auto const pid = ::fork();
    if (pid < 0) return fail(errc::unavailable, "starting {}: {}", program, std::strerror(errno));
    if (pid == 0) become(program.c_str(), argv.data(), environment.data(), options, null.get(), parent, writer.get());
    writer.reset();
    child_process child;
    child.pid_ = pid;
    child.leads_group_ = options.own_group;
    // The pipe closes on exec; a number in it is the reason why there was none.
    int why = 0;
    auto n = ::read(reader.get(), &why, sizeof why);
    while (n < 0 && errno == EINTR) n = ::read(reader.get(), &why, sizeof why);
    if (n == sizeof why) {
        child.wait();
        return fail(errc::unavailable, "starting {}: {}", program, std::strerror(why));
    }
    return child;
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), leads_group_(other.leads_group_), status_(std::exchange(other.status_, std::nullopt)) {}

child_process& child_process::operator=(child_process&& other) noexcept {
    if (this != &other) {
        finish();
        pid_ = std::exchange(other.pid_, -1);
        leads_group_ = other.leads_group_;
        status_ = std::exchange(other.status_, std::nullopt);
    }
    return *this;
}

child_process::~child_process() { finish(); }

void child_process::finish() noexcept {
    if (pid_ <= 0 || ended()) return;
    ::kill(leads_group_ ? -pid_ : pid_, SIGKILL);
    wait();
}

std::optional<int> child_process::ended() {
    if (pid_ > 0 && !status_) {
        int raw = 0;
        if (::waitpid(pid_, &raw, WNOHANG) == pid_) status_ = status_of(raw);
    }
    return status_;
}

int child_process::wait() {
    while (pid_ > 0 && !status_) {
        int raw = 0;
        if (::waitpid(pid_, &raw, 0) == pid_) status_ = status_of(raw);
        else if (errno != EINTR) status_ = 127;
    }
    return status_.value_or(127);
}

void child_process::send_signal(int number) noexcept {
    if (pid_ > 0 && !ended()) ::kill(pid_, number);
}

std::string const& own_executable() {
    static std::string const path = [] {
        std::string text(4096, '\0');
        auto const len = ::readlink("/proc/self/exe", text.data(), text.size());
        text.resize(len > 0 ? static_cast<std::size_t>(len) : 0);
        return text;
    }();
    return path;
}

}  // namespace vsecm::base
