#include "support/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace vsecm::test {
namespace {

using steady = std::chrono::steady_clock;

int open_or_throw(std::string const& path, int flags) {
    int const fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd < 0) throw std::runtime_error("cannot open " + path);
    return fd;
}

}  // namespace

bool eventually(std::chrono::milliseconds deadline, std::function<bool()> const& condition) {
    auto const until = steady::now() + deadline;
    for (;;) {
        if (condition()) return true;
        if (steady::now() >= until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
}

std::string slurp(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

process::process(std::vector<std::string> const& argv, options opts)
    : out_path_(opts.folder + "/" + opts.name + ".out"), err_path_(opts.folder + "/" + opts.name + ".err") {
    auto const in_path = opts.folder + "/" + opts.name + ".in";
    std::ofstream(in_path, std::ios::binary) << opts.stdin_text;
    int const in = open_or_throw(in_path, O_RDONLY);
    int const out = open_or_throw(out_path_, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
    int const err = open_or_throw(err_path_, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
    std::vector<char*> args;
    for (auto const& a : argv) args.push_back(const_cast<char*>(a.c_str()));
    args.push_back(nullptr);
    std::vector<std::string> pairs;
    for (auto const& [name, value] : opts.env) pairs.push_back(name + "=" + value);
    std::vector<char*> env;
    for (auto& pair : pairs) env.push_back(pair.data());
    env.push_back(nullptr);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, 1);
    ::posix_spawn_file_actions_adddup2(&actions, err, 2);
    int const failed = ::posix_spawnp(&pid_, args[0], &actions, nullptr, args.data(), env.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in);
    ::close(out);
    ::close(err);
    if (failed != 0) throw std::runtime_error("cannot start " + argv[0]);
}

process::process(process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_), out_path_(std::move(other.out_path_)), err_path_(std::move(other.err_path_)) {}

process::~process() {
    if (pid_ > 0 && running()) {
        ::kill(pid_, SIGKILL);
        wait(std::chrono::seconds{10});
    }
}

void process::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
}

bool process::running() {
    if (pid_ <= 0) return false;
    int raw = 0;
    if (::waitpid(pid_, &raw, WNOHANG) != pid_) return true;
    status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    pid_ = -1;
    return false;
}

int process::wait(std::chrono::milliseconds deadline) {
    return eventually(deadline, [this] { return !running(); }) ? status_ : -1;
}

bool process::says(std::string_view text, std::chrono::milliseconds deadline) {
    return eventually(deadline, [&] { return out().find(text) != std::string::npos || err().find(text) != std::string::npos; });
}

finished run(std::vector<std::string> const& argv, process::options opts, std::chrono::milliseconds deadline) {
    process child(argv, std::move(opts));
    int const status = child.wait(deadline);
    return {status, child.out(), child.err()};
}

std::string vsecm_binary() {
    auto const* path = std::getenv("VSECM_BINARY");
    if (path == nullptr) throw std::runtime_error("VSECM_BINARY is not set");
    return path;
}

}  // namespace vsecm::test
