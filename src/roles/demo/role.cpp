#include "roles/demo/role.hpp"

#include "role_frame.hpp"
#include "roles/demo/script.hpp"

#include <cstdio>

namespace vsecm {
namespace {

constexpr std::string_view help =
    "vsecm demo - one secret through every role, in under ten seconds\n"
    "\n"
    "usage: vsecm demo\n"
    "\n"
    "Starts `vsecm dev` in a temporary folder: an identity issuer and a safe on loopback. Then it registers a secret,\n"
    "shows it reaching a sidecar's file, changes it, tries to take it with a wrong identity, kills safe and starts it\n"
    "again, opens the stored file with the root key alone, and deletes the secret. Everything is real: the SPIFFE\n"
    "Workload API, mutual TLS, the disk. Nothing outside the folder is touched. Not for production.\n"
    "\n"
    "Exits 0 if every step was as told, 1 at the first that was not.\n";

}  // namespace

int run_demo(arguments args) {
    if (auto const status = answer_arguments(help, args)) return *status;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    auto played = roles::demo::play();
    if (played) return 0;
    std::fprintf(stderr, "\nThe demo stopped: %s\n", played.error().what.c_str());
    return 1;
}

}  // namespace vsecm
