// Real processes for integration tests: started with an exact environment, their output in files, waited for by event.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::test {

using environment_map = std::map<std::string, std::string>;

// Polls `condition` every few milliseconds until it holds; false when `deadline` passes first.
bool eventually(std::chrono::milliseconds deadline, std::function<bool()> const& condition);

// Content of a file; empty if it cannot be read.
std::string slurp(std::string const& path);

// A child process; killed with SIGKILL and reaped when this goes, if it still lives.
class process {
public:
    struct options {
        environment_map env;         // the whole environment of the child
        std::string stdin_text;      // written to its standard input, then closed
        std::string folder;          // where `<name>.out` and `<name>.err` are kept; must exist
        std::string name = "child";
    };
    process(std::vector<std::string> const& argv, options opts);
    ~process();
    process(process&& other) noexcept;
    process& operator=(process&&) = delete;

    ::pid_t pid() const noexcept { return pid_; }
    void signal(int number) const;
    bool running();
    // The exit status (128 + signal when killed), or -1 when `deadline` passes first.
    int wait(std::chrono::milliseconds deadline);
    std::string out() const { return slurp(out_path_); }
    std::string err() const { return slurp(err_path_); }
    // Whether standard output or standard error contains `text` before `deadline`.
    bool says(std::string_view text, std::chrono::milliseconds deadline);

private:
    ::pid_t pid_ = -1;
    int status_ = -1;
    std::string out_path_, err_path_;
};

struct finished {
    int status;
    std::string out, err;
};
// Runs to the end; status -1 if it does not end in time (it is killed then).
finished run(std::vector<std::string> const& argv, process::options opts, std::chrono::milliseconds deadline = std::chrono::seconds{20});

// The program under test: VSECM_BINARY, set by the build.
std::string vsecm_binary();

}  // namespace vsecm::test
