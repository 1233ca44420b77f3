// Other processes, started without a shell: exact arguments, exact environment, and an end that is always collected.
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace vsecm::base {

struct child_options {
    std::vector<std::string> argv;         // argv[0] included; never a secret: every user can read it
    std::vector<std::string> environment;  // "NAME=value", the whole of it
    int in = -1, out = -1, err = -1;       // descriptors to become 0, 1, 2; -1: nothing to read, ours for out and err
    bool die_with_parent = true;           // SIGKILL when the thread that started it ends, however it ends
    std::optional<::mode_t> umask;         // none: as ours, which is for files with secrets; see inherited_umask() for somebody else's program
    bool own_group = false;                // a process group of its own: what kills it kills what it started, too
};

// A running or ended child. Move-only; kills (SIGKILL) and collects it when destroyed while it still runs. The methods are
// for one thread.
class child_process {
public:
    // Executes the file `program`. errc::unavailable with the reason. Use from a process with few threads: it forks.
    static result<child_process> start(std::string const& program, child_options const& options);
    child_process() noexcept = default;
    child_process(child_process&& other) noexcept;
    child_process& operator=(child_process&& other) noexcept;
    ~child_process();

    ::pid_t pid() const noexcept { return pid_; }
    bool valid() const noexcept { return pid_ > 0; }
    // Exit status, or 128 + signal; nothing while it runs. Never blocks.
    std::optional<int> ended();
    int wait();  // blocks
    void send_signal(int number) noexcept;

private:
    void finish() noexcept;
    ::pid_t pid_ = -1;
    bool leads_group_ = false;
    std::optional<int> status_;
};

// The path of the running executable, for starting another role of it.
std::string const& own_executable();

}  // namespace vsecm::base
