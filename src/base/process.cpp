#include "base/process.hpp"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <csignal>

namespace vsecm::base {
namespace {

// Those that some part of this program handles or ignores.
constexpr std::array handled_signals{SIGINT, SIGTERM, SIGPIPE, SIGXFSZ, SIGCHLD};

struct {
    ::mode_t umask = 022;
    ::sigset_t mask{};
    std::array<struct ::sigaction, handled_signals.size()> actions{};
    bool known = false;
} inherited;

void remember(::mode_t umask) noexcept {
    if (inherited.known) return;
    inherited.umask = umask;
    ::sigprocmask(SIG_SETMASK, nullptr, &inherited.mask);
    for (std::size_t i = 0; i < handled_signals.size(); ++i) ::sigaction(handled_signals[i], nullptr, &inherited.actions[i]);
    inherited.known = true;
}

}  // namespace

status harden_process() {
    remember(::umask(077));
    ::rlimit const none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is then an error of write(), like a full disk
    if (sodium_init() < 0) return fail(errc::internal, "libsodium does not start");
    return {};
}

void restore_inherited() noexcept {
    if (!inherited.known) return;
    ::umask(inherited.umask);
    for (std::size_t i = 0; i < handled_signals.size(); ++i) ::sigaction(handled_signals[i], &inherited.actions[i], nullptr);
    ::sigprocmask(SIG_SETMASK, &inherited.mask, nullptr);
}

std::optional<::mode_t> inherited_umask() noexcept {
    if (!inherited.known) return std::nullopt;
    return inherited.umask;
}

}  // namespace vsecm::base
