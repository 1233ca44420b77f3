// What a server process spends: CPU time to the nanosecond, and instructions where the machine counts them.
#pragma once

#include <string>
#include <vector>

namespace vsecm::load {

struct thread_cost {
    std::string name;  // "main" for a process's first
    double cpu_seconds = 0;
};

struct server_cost {
    double cpu_seconds = 0;
    double user_instructions = 0, kernel_instructions = 0;  // 0 where there are no counters
    double anonymous_bytes = 0;                             // resident now
    std::vector<thread_cost> threads;                       // always the same, in the same order
};

// Every thread the processes have when the meter is made.
class server_meter {
public:
    explicit server_meter(std::vector<int> const& pids);
    ~server_meter();
    server_meter(server_meter const&) = delete;
    server_cost read() const;

private:
    struct thread {
        int pid, tid, user_counter, kernel_counter;
        std::string name;
    };
    std::vector<thread> threads_;
    std::vector<int> pids_;
};

}  // namespace vsecm::load
