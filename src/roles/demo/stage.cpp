#include "roles/demo/stage.hpp"

#include "base/file.hpp"
#include "base/try.hpp"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace vsecm::roles::demo {
namespace {

using base::errc, base::fail;

constexpr std::size_t most_output = 1 << 20;
constexpr milliseconds command_limit{20'000};

std::vector<std::string> command(std::vector<std::string> words) {
    words.insert(words.begin(), "vsecm");
    return words;
}

// `export NAME='VALUE'` lines, as a shell would read the ones `vsecm dev` writes.
std::vector<std::string> parse_exports(std::string_view text) {
    std::vector<std::string> found;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.starts_with("export ")) continue;
        line.remove_prefix(7);
        std::string plain;
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (line.substr(i).starts_with("'\\''")) {
                plain += '\'';
                i += 3;
            } else if (line[i] != '\'' && line[i] != '"') {
                plain += line[i];
            }
        }
        found.push_back(std::move(plain));
    }
    return found;
}

base::unique_fd open_log(std::string const& path) { return base::unique_fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)}; }

// Reads what is there; false at the end of the file.
bool take(int fd, std::string& into) {
    char buffer[4096];
    auto const n = ::read(fd, buffer, sizeof buffer);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    if (n == 0) return false;
    if (into.size() < most_output) into.append(buffer, static_cast<std::size_t>(n));
    return true;
}

int remove_entry(char const* path, struct ::stat const*, int, struct ::FTW*) { return ::remove(path); }
void remove_tree(std::string const& folder) { ::nftw(folder.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

::sigset_t interruptions() {
    ::sigset_t set;
    ::sigemptyset(&set);
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
    return set;
}

// Ctrl-C leaves nothing behind. The children need no signal: they die with this process.
void watch_interrupts(std::stop_token stop, std::string folder) {
    auto const set = interruptions();
    ::timespec const a_while{0, 100'000'000};
    while (!stop.stop_requested()) {
        auto const number = ::sigtimedwait(&set, nullptr, &a_while);
        if (number <= 0) continue;
        remove_tree(folder);
        ::_exit(128 + number);
    }
}

}  // namespace

base::result<stage> stage::open() {
    std::string name = "/tmp/vsecm-demo-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return fail(errc::storage, "cannot make a folder under /tmp: {}", std::strerror(errno));
    VSECM_TRY_OK(base::posix_files().make_folder(name + "/log", 0700));
    auto const set = interruptions();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    stage made(name);
    made.interrupts_ = std::jthread(watch_interrupts, name);
    return made;
}

stage::~stage() {
    if (folder_.empty()) return;
    dev_.send_signal(SIGTERM);
    eventually(milliseconds{5000}, [this] { return !dev_.valid() || dev_.ended(); });
    dev_ = {};
    remove_tree(folder_);
}

base::status stage::start_dev(std::vector<std::string> const& workloads) {
    std::vector<std::string> words{"vsecm", "dev", "--dir", path("dev")};
    for (auto const& w : workloads) words.insert(words.end(), {"--workload", w});
    auto const log = open_log(path("log/dev"));
    base::child_options options;
    options.argv = words;
    options.environment = {"PATH=/usr/bin:/bin", "VSECM_LOG_LEVEL=4"};
    options.out = options.err = log.get();
    VSECM_TRY(child, base::child_process::start(base::own_executable(), options));
    dev_ = std::move(child);
    auto const last = path("dev/env/" + workloads.back());
    bool const up = eventually(milliseconds{15'000}, [&] { return dev_.ended() || (!content_of(last).empty() && content_of(path("log/dev")).contains("ready")); });
    if (!up || dev_.ended()) return fail(errc::unavailable, "`vsecm dev` did not come up:\n{}", tail_of("dev"));
    return {};
}

base::result<std::vector<std::string>> stage::environment_of(std::string_view identity) const {
    VSECM_TRY(text, base::read_file(path("dev/env/" + std::string(identity)), most_output));
    auto pairs = parse_exports(text.view());
    pairs.emplace_back("PATH=/usr/bin:/bin");
    return pairs;
}

base::result<base::child_process> stage::launch(std::string_view identity, std::vector<std::string> words, std::string_view label,
                                                std::vector<std::string> const& more_environment) {
    VSECM_TRY(environment, environment_of(identity));
    environment.insert(environment.begin(), more_environment.begin(), more_environment.end());  // the first of a name counts
    auto const log = open_log(path("log/" + std::string(label)));
    base::child_options options;
    options.argv = command(std::move(words));
    options.environment = std::move(environment);
    options.out = options.err = log.get();
    return base::child_process::start(base::own_executable(), options);
}

base::result<outcome> stage::run(std::string_view identity, std::vector<std::string> words, std::vector<std::string> const& more_environment,
                                 std::string_view input) {
    VSECM_TRY(environment, environment_of(identity));
    environment.insert(environment.begin(), more_environment.begin(), more_environment.end());  // the first of a name counts
    int out[2], err[2], in[2];
    if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0) return fail(errc::unavailable, "no pipe: {}", std::strerror(errno));
    base::unique_fd out_read{out[0]}, out_write{out[1]}, err_read{err[0]}, err_write{err[1]}, in_read{in[0]}, in_write{in[1]};
    base::child_options options;
    options.argv = command(std::move(words));
    options.environment = std::move(environment);
    options.in = in_read.get();
    options.out = out_write.get();
    options.err = err_write.get();
    VSECM_TRY(child, base::child_process::start(base::own_executable(), options));
    out_write.reset();
    err_write.reset();
    in_read.reset();
    if (::write(in_write.get(), input.data(), input.size()) < 0) return fail(errc::unavailable, "cannot write to the command: {}", std::strerror(errno));
    in_write.reset();

    outcome done;
    auto const until = std::chrono::steady_clock::now() + command_limit;
    while (out_read || err_read) {
        ::pollfd both[2] = {{out_read ? out_read.get() : -1, POLLIN, 0}, {err_read ? err_read.get() : -1, POLLIN, 0}};
        auto const left = std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now()).count();
        if (left <= 0 || ::poll(both, 2, static_cast<int>(left)) == 0) return fail(errc::timeout, "the command took longer than {}ms", command_limit.count());
        if (both[0].revents != 0) {
            if (done.spoke == moment{}) done.spoke = std::chrono::steady_clock::now();
            if (!take(out_read.get(), done.out)) out_read.reset();
        }
        if (both[1].revents != 0 && !take(err_read.get(), done.err)) err_read.reset();
    }
    done.status = child.wait();
    return done;
}

std::string stage::tail_of(std::string_view label) const {
    auto text = content_of(path("log/" + std::string(label)));
    constexpr std::size_t most = 2000;
    return text.size() > most ? text.substr(text.size() - most) : text;
}

bool eventually(milliseconds limit, std::function<bool()> const& condition) {
    auto const until = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(milliseconds{1});
    }
    return true;
}

std::string content_of(std::string const& path) {
    auto text = base::read_file(path, most_output);
    return text ? std::string(text->view()) : std::string{};
}

file_watch::file_watch(std::string path, std::string expected)
    : path_(std::move(path)), expected_(std::move(expected)), watcher_([this](std::stop_token stop) { watch(stop); }) {}

file_watch::~file_watch() = default;

void file_watch::watch(std::stop_token stop) {
    auto const folder = path_.substr(0, path_.rfind('/'));
    base::unique_fd const events{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    ::inotify_add_watch(events.get(), folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE);
    while (!stop.stop_requested()) {
        if (content_of(path_) == expected_) {
            seen_at_ = std::chrono::steady_clock::now().time_since_epoch().count();
            return;
        }
        ::pollfd one{events.get(), POLLIN, 0};
        ::poll(&one, 1, 50);
        char buffer[4096];
        while (::read(events.get(), buffer, sizeof buffer) > 0) {
        }
    }
}

std::optional<moment> file_watch::seen(milliseconds limit) {
    if (!eventually(limit, [this] { return seen_at_ != 0; })) return std::nullopt;
    return moment{moment::duration{seen_at_.load()}};
}

}  // namespace vsecm::roles::demo
