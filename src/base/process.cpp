#include "base/process.hpp"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

namespace vsecm::base {

status harden_process() {
    ::umask(077);
    ::rlimit const none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is then an error of write(), like a full disk
    if (sodium_init() < 0) return fail(errc::internal, "libsodium does not start");
    return {};
}

}  // namespace vsecm::base
