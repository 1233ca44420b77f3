#include "roles/demo/role.hpp"

#include "role_frame.hpp"
#include "roles/demo/script.hpp"

#include <cstdio>

namespace vsecm {
namespace {

}  // namespace

constexpr manual demo_manual{
    .title = "vsecm demo",
    .summary = "one secret through every role, in under ten seconds",
    .usage = "vsecm demo",
    .about = R"(Starts `vsecm dev` in a temporary folder: an identity issuer and a safe on loopback. Then it registers a secret,
shows it reaching a sidecar's file, changes it, tries to take it with a wrong identity, kills safe and starts it
again, opens the stored file with the root key alone, and deletes the secret. Everything is real: the SPIFFE
Workload API, mutual TLS, the disk. Nothing outside the folder is touched. Not for production.)",
    .exit_status = "0: every step was as told; 1: the first that was not ended it",
};

int run_demo(arguments args) {
    if (auto const status = answer_arguments(demo_manual, args)) return *status;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    auto played = roles::demo::play();
    if (played) return 0;
    std::fprintf(stderr, "\nThe demo stopped: %s\n", played.error().what.c_str());
    return 1;
}

}  // namespace vsecm
