#include "base/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <thread>

namespace vsecm::base {

result<unique_fd> lock_folder(std::string const& path, std::chrono::milliseconds patience) {
    using std::chrono::steady_clock;
    unique_fd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    auto const until = steady_clock::now() + patience;
    while (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
        if (steady_clock::now() >= until) return fail(errc::conflict, "somebody else holds a lock on {}", path);
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return fd;
}

}  // namespace vsecm::base
