// Files: the seam between the store and the kernel, and the two ways everyone else reads and replaces a file.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace vsecm::base {

// Owner of a file descriptor; closes it. Move-only.
class unique_fd {
public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept;
    unique_fd(unique_fd const&) = delete;
    unique_fd& operator=(unique_fd const&) = delete;
    ~unique_fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept {
        int const fd = fd_;
        fd_ = -1;
        return fd;
    }
    void reset() noexcept;

private:
    int fd_ = -1;
};

enum class file_kind { regular, folder, other };
struct folder_entry {
    std::string name;
    file_kind kind;
};

// The operations durability is made of, one system call each, so that a test can fail the n-th or forget what was not
// synced. Paths are absolute. Every failure is errc::storage (or not_found where said) with path and reason.
// Implementations are thread-safe for different paths.
class file_layer {
public:
    virtual ~file_layer() = default;

    // Creates `path` exclusively (O_EXCL | O_NOFOLLOW), writes all bytes and syncs the file; on failure nothing that
    // can be mistaken for a whole file is left (it is unlinked as far as the disk allows). The folder is not synced.
    virtual status write_new_synced(std::string const& path, byte_view bytes, ::mode_t mode) = 0;
    // Adds to the end of a file made by write_new_synced, and syncs it; of no bytes, only syncs. After a failure any part of
    // the bytes may be there.
    virtual status append_synced(std::string const& path, byte_view bytes) = 0;
    // Cuts a file to its first `len` bytes, and syncs it.
    virtual status shorten_synced(std::string const& path, std::size_t len) = 0;
    virtual status rename(std::string const& from, std::string const& to) = 0;      // replaces `to`
    virtual status link(std::string const& from, std::string const& to) = 0;        // errc::conflict if `to` exists
    virtual status remove(std::string const& path) = 0;                             // errc::not_found if absent
    virtual status sync_folder(std::string const& path) = 0;
    virtual status make_folder(std::string const& path, ::mode_t mode) = 0;         // exists already: fine
    virtual result<std::vector<folder_entry>> list(std::string const& path) = 0;    // errc::not_found if absent
    // errc::not_found if absent, errc::too_large beyond max_len, errc::invalid if it is not a regular file.
    virtual result<secret_text> read(std::string const& path, std::size_t max_len) = 0;
};

// The real one. Stateless, shared by everyone.
file_layer& posix_files() noexcept;

// Writes all of it to a blocking descriptor; `name` is for the error. What was written before a failure stays written.
status write_all(int fd, byte_view bytes, std::string const& name);
// Whether a write to `fd` would be taken, or refused, without waiting; asked for `patience` at most. A pipe then takes
// PIPE_BUF bytes. A regular file is always ready, whatever its disk does.
bool ready_to_write(int fd, std::chrono::milliseconds patience) noexcept;
// Reads a whole file from the real file system (symbolic links followed: projected volumes are links).
result<secret_text> read_file(std::string const& path, std::size_t max_len);
// The folder that `path` is in: "/a" of "/a/b", "/" of "/b", "." of "b".
std::string folder_of(std::string const& path);
// Whom a file is given to; -1 leaves that part as it is.
struct file_owner {
    ::uid_t user = static_cast<::uid_t>(-1);
    ::gid_t group = static_cast<::gid_t>(-1);
    bool is_given() const noexcept { return user != static_cast<::uid_t>(-1) || group != static_cast<::gid_t>(-1); }
    bool has(::uid_t its_user, ::gid_t its_group) const noexcept {
        return (user == static_cast<::uid_t>(-1) || user == its_user) && (group == static_cast<::gid_t>(-1) || group == its_group);
    }
};
status change_owner(std::string const& path, file_owner owner);  // of a link itself
// Writes `.<name>.tmp-RANDOM` beside it, syncs, renames over `path`, syncs the folder. Readers see old or new, never part, and are those of `mode` and `owner` from the first byte on.
status replace_file(file_layer& files, std::string const& path, byte_view bytes, ::mode_t mode, file_owner owner = {});
// Makes the folder `path`, and those above it that are not there either, as mkdir -p; all of them last when it returns, which a
// new one does only once the folder it is in has been synced.
status make_folders(file_layer& files, std::string const& path, ::mode_t mode);

}  // namespace vsecm::base
