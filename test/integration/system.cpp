#include "integration/system.hpp"

#include "support/loopback.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace vsecm::test {
namespace {

using std::chrono::seconds;

// `export NAME='VALUE'` lines.
environment_map parse_env(std::string const& text) {
    environment_map found;
    std::size_t at = 0;
    while ((at = text.find("export ", at)) != std::string::npos) {
        auto const equals = text.find('=', at);
        auto const end = text.find("'\n", equals);
        found[text.substr(at + 7, equals - at - 7)] = text.substr(equals + 2, end - equals - 2);
        at = end;
    }
    return found;
}

}  // namespace

system::system(std::vector<std::string> workloads, environment_map environment, std::vector<std::string> dev_options)
    : workloads_(std::move(workloads)), environment_(std::move(environment)), dev_options_(std::move(dev_options)) {
    start_dev();
}

void system::start_dev() {
    std::vector<std::string> argv{vsecm_binary(), "dev", "--dir", folder_ / "dev"};
    for (auto const& w : workloads_) argv.insert(argv.end(), {"--workload", w});
    argv.insert(argv.end(), dev_options_.begin(), dev_options_.end());
    auto environment = environment_;
    environment.emplace("PATH", "/usr/bin:/bin");
    environment.emplace("VSECM_LOG_LEVEL", "4");
    dev_ = std::make_unique<process>(argv, process::options{environment, {}, folder_.path(), "dev"});
    if (!dev_->says("vsecm dev is ready", seconds{20})) throw std::runtime_error("vsecm dev does not come up: " + dev_->out() + dev_->err());
    wait_until_ready();
}

void system::stop_dev() {
    dev_->signal(SIGTERM);
    if (dev_->wait(seconds{20}) != 0) throw std::runtime_error("vsecm dev does not stop well: " + dev_->err());
}

environment_map system::environment_of(std::string const& identity) const {
    auto environment = parse_env(slurp(path("env/" + identity)));
    if (environment.empty()) throw std::runtime_error("no identity " + identity);
    environment.emplace("PATH", "/usr/bin:/bin");
    return environment;
}

process system::launch(std::string const& identity, std::vector<std::string> words, std::string name, environment_map more) {
    words.insert(words.begin(), vsecm_binary());
    auto environment = environment_of(identity);
    for (auto& [key, value] : more) environment[key] = value;
    return process(words, process::options{environment, {}, folder_.path(), std::move(name)});
}

finished system::run(std::string const& identity, std::vector<std::string> words, std::string input, environment_map more) {
    words.insert(words.begin(), vsecm_binary());
    auto environment = environment_of(identity);
    for (auto& [key, value] : more) environment[key] = value;
    return test::run(words, process::options{environment, std::move(input), folder_.path(), "run-" + std::to_string(++num_runs_)});
}

std::string system::sentinel(std::vector<std::string> words, std::string input) {
    words.insert(words.begin(), "sentinel");
    auto const done = run("vsecm-sentinel", words, std::move(input));
    if (done.status != 0) throw std::runtime_error("sentinel ended with " + std::to_string(done.status) + ": " + done.err);
    return done.out;
}

::pid_t system::safe_pid() const { return static_cast<::pid_t>(std::atoi(slurp(path("safe.pid")).c_str())); }

unsigned system::port(std::string_view name) const {
    auto const text = slurp(path("ports"));
    auto const at = text.find(std::string(name) + "=");
    return at == std::string::npos ? 0 : static_cast<unsigned>(std::atoi(text.c_str() + at + name.size() + 1));
}

void system::wait_until_ready() {
    // A sealed safe is as ready as it gets until somebody gives it its key: `/` says yes to that, /readyz does not.
    auto const* target = environment_.contains("VSECM_ROOT_KEY_INPUT_MODE_MANUAL") ? "/" : "/readyz";
    if (!eventually(seconds{20}, [&] { return plain_get(port("ready"), target).status == 200; }))
        throw std::runtime_error("safe does not become ready: " + dev_->err());
}

void system::kill_safe() {
    auto const before = safe_pid();
    ::kill(before, SIGKILL);
    if (!eventually(seconds{20}, [&] { return safe_pid() != before && ::kill(safe_pid(), 0) == 0; })) throw std::runtime_error("safe is not started again: " + dev_->err());
    wait_until_ready();
}

plain_answer plain_get(unsigned port, std::string const& target) {
    plain_answer answer;
    int const fd = connect_loopback(static_cast<std::uint16_t>(port), seconds{5});
    if (fd < 0) return answer;
    auto const text = "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0) {
        auto const got = receive_all(fd).text;
        if (got.starts_with("HTTP/1.")) answer.status = std::atoi(got.c_str() + 9);
        if (auto const end = got.find("\r\n\r\n"); end != std::string::npos) answer.body = got.substr(end + 4);
    }
    ::close(fd);
    return answer;
}

}  // namespace vsecm::test
