// A whole local system of real processes (`vsecm dev` and its safe), for integration tests.
#pragma once

#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vsecm::test {

class system {
public:
    // Starts `vsecm dev` and waits until safe serves. `environment` is dev's own, and safe inherits its VSECM_* part.
    explicit system(std::vector<std::string> workloads = {"billing"}, environment_map environment = {}, std::vector<std::string> dev_options = {});

    // Runs `vsecm WORDS…` as that identity, to its end.
    finished run(std::string const& identity, std::vector<std::string> words, std::string input = {}, environment_map more = {});
    // Starts it in the background.
    process launch(std::string const& identity, std::vector<std::string> words, std::string name, environment_map more = {});
    // `sentinel WORDS…`, which must succeed.
    std::string sentinel(std::vector<std::string> words, std::string input = {});
    // What the workload would receive; empty text and status 6 if nothing.
    finished inspect(std::string const& workload) { return run(workload, {"inspector"}); }

    environment_map environment_of(std::string const& identity) const;
    std::string path(std::string_view below) const { return folder_ / ("dev/" + std::string(below)); }
    std::string scratch(std::string_view name) const { return folder_ / name; }
    ::pid_t safe_pid() const;
    unsigned port(std::string_view name) const;  // "api", "live", "ready"
    // SIGKILLs safe and waits until another process serves.
    void kill_safe();
    void wait_until_ready();
    void stop_dev();   // SIGTERM, to its end
    void start_dev();  // again, on the same folder
    process& dev() { return *dev_; }
    std::string dev_log() const { return slurp(folder_ / "dev.err"); }

private:
    temp_folder folder_;
    std::vector<std::string> workloads_;
    environment_map environment_;
    std::vector<std::string> dev_options_;
    std::unique_ptr<process> dev_;
    int num_runs_ = 0;
};

// "HTTP/1.x STATUS" and body of a plain GET on loopback; status 0 if nothing answers.
struct plain_answer {
    int status = 0;
    std::string body;
};
plain_answer plain_get(unsigned port, std::string const& target);

}  // namespace vsecm::test
