// Everything a process tells a scrape.
#pragma once

#include "metrics/process_facts.hpp"

#include <functional>
#include <string>
#include <vector>

namespace vsecm::metrics {

struct answer {
    std::string_view content_type;
    std::string body;
};

// Begins with vsecm_build_info{version,role}, vsecm_ready and process_*, then asks its collectors in the order of their coming. On
// one loop.
class exposition {
public:
    using collector = std::function<void(page& out)>;  // must not block

    // `ready`: whether the process does now what it is for.
    exposition(std::string_view role, std::function<bool()> ready) : role_(role), ready_(std::move(ready)) {}
    void add(collector what) { collectors_.push_back(std::move(what)); }

    // `accept`: the header of the request, empty if there was none.
    answer to(std::string_view accept) const;

private:
    std::string role_;
    std::function<bool()> ready_;
    process_facts process_;
    std::vector<collector> collectors_;
};

}  // namespace vsecm::metrics
