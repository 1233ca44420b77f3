#include "roles/dev/runner.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vsecm::roles::dev {
namespace {

// A lock of the process (not of the descriptor, as flock's): only for that does the kernel say whose it is.
struct ::flock whole_file() {
    struct ::flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

base::result<base::unique_fd> become_runner(std::string const& lock_path) {
    base::unique_fd fd{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    auto lock = whole_file();
    if (fd && ::fcntl(fd.get(), F_SETLK, &lock) == 0) return fd;
    if (fd && (errno == EAGAIN || errno == EACCES))
        return base::fail(base::errc::conflict, "another `vsecm dev` runs in this folder; give it a workload with `vsecm dev add`");
    return base::fail(base::errc::storage, "locking {}: {}", lock_path, std::strerror(errno));
}

::pid_t runner_of(std::string const& lock_path) {
    base::unique_fd const fd{::open(lock_path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    auto lock = whole_file();
    if (!fd || ::fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
    return lock.l_pid > 0 ? lock.l_pid : 0;
}

}  // namespace vsecm::roles::dev
