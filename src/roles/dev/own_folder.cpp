#include "roles/dev/own_folder.hpp"

#include "base/try.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vsecm::roles::dev {
namespace {

using base::errc, base::fail;

constexpr ::mode_t by_others = S_IWGRP | S_IWOTH;

}  // namespace

base::result<own_folder> own_folder::open(std::string path) { return open_at(AT_FDCWD, path, path); }

base::result<own_folder> own_folder::open_below(std::string const& name) const { return open_at(fd_.get(), name, path_ + "/" + name); }

// What is looked at is what was opened, and what is below it is opened through it: once it is found to be ours alone, nobody can put
// another in its place. (Whoever owns a folder above can: a path through other people's folders leads where they like.)
base::result<own_folder> own_folder::open_at(int above, std::string const& name, std::string path) {
    if (::mkdirat(above, name.c_str(), 0700) != 0 && errno != EEXIST) return fail(errc::storage, "making folder {}: {}", path, std::strerror(errno));
    base::unique_fd fd{::openat(above, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd && (errno == ENOTDIR || errno == ELOOP)) return fail(errc::invalid, "{} is not a folder", path);
    struct ::stat found {};
    if (!fd || ::fstat(fd.get(), &found) != 0) return fail(errc::storage, "opening folder {}: {}", path, std::strerror(errno));
    if (found.st_uid != ::geteuid())
        return fail(errc::denied, "{} belongs to another user (number {}), who would have the keys of this system: give a folder of your own, or one that is not there yet", path, found.st_uid);
    // The group too: whether others are in it cannot be known from here.
    if ((found.st_mode & by_others) != 0)
        return fail(errc::denied, "others may write into {} (mode {:04o}), and so put keys of theirs there: chmod go-w {}", path, found.st_mode & 07777U, path);
    return own_folder(std::move(fd), std::move(path));
}

base::status own_folder::check_entries() const {
    VSECM_TRY(entries, base::posix_files().list(path_));
    for (auto const& entry : entries) {
        struct ::stat found {};
        if (::fstatat(fd_.get(), entry.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT) continue;  // a running `vsecm dev` replaces its files
            return fail(errc::storage, "looking at {}/{}: {}", path_, entry.name, std::strerror(errno));
        }
        if (found.st_uid != ::geteuid())
            return fail(errc::denied, "{}/{} belongs to another user (number {}), who may have put it there: move it away, or give a folder that is not there yet", path_, entry.name, found.st_uid);
    }
    return {};
}

}  // namespace vsecm::roles::dev
