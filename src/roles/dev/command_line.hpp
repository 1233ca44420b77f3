// What `vsecm dev` was asked to do.
#pragma once

#include "roles.hpp"
#include "roles/dev/layout.hpp"

#include <chrono>

namespace vsecm::roles::dev {

struct command {
    enum class kind { help, serve, add } what = kind::serve;
    std::string folder;
    std::vector<identity_name> workloads;
    std::chrono::seconds svid_ttl{3600};
};

// errc::invalid with one sentence that says what to type.
base::result<command> parse_command_line(arguments args);

}  // namespace vsecm::roles::dev
