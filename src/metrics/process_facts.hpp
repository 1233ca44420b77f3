// What the kernel says of this process, under the names that every Prometheus client library uses.
#pragma once

#include "metrics/page.hpp"

#include <optional>

namespace vsecm::metrics {

class process_facts {
public:
    process_facts();  // reads when the process was started

    // process_start_time_seconds, process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
    // process_open_fds, process_max_fds. What the kernel does not tell is left out. A few system calls; with a kernel older
    // than 6.2 the descriptors are counted one by one.
    void write(page& out) const;

private:
    std::optional<base::system_time> started_;
};

}  // namespace vsecm::metrics
