// What `vsecm dev` was asked to do.
#pragma once

#include "roles.hpp"
#include "roles/dev/layout.hpp"

#include <chrono>
#include <optional>

namespace vsecm::roles::dev {

struct command {
    enum class kind { serve, add } what = kind::serve;
    std::string folder;
    std::vector<identity_name> workloads;
    std::chrono::seconds svid_ttl{3600};
};

// Prints help (status 0) or a complaint (status 1) itself and gives that status instead of a command.
std::expected<command, int> parse_command_line(arguments args);

}  // namespace vsecm::roles::dev
