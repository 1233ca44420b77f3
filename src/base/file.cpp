#include "base/file.hpp"

#include "base/try.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vsecm::base {
namespace {

std::unexpected<error> os_failure(std::string_view doing, std::string const& path, int number) {
    auto const code = number == ENOENT ? errc::not_found : errc::storage;
    return fail(code, "{} {}: {}", doing, path, std::strerror(number));
}

template <class Call>
auto no_eintr(Call call) {
    auto r = call();
    while (r < 0 && errno == EINTR) r = call();
    return r;
}

file_kind kind_of(int folder, dirent const& entry) {
    if (entry.d_type == DT_REG) return file_kind::regular;
    if (entry.d_type == DT_DIR) return file_kind::folder;
    if (entry.d_type != DT_UNKNOWN) return file_kind::other;
    struct ::stat info {};
    if (::fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return file_kind::other;
    return S_ISREG(info.st_mode) ? file_kind::regular : S_ISDIR(info.st_mode) ? file_kind::folder : file_kind::other;
}

}  // namespace

status write_all(int fd, byte_view bytes, std::string const& name) {
    while (!bytes.empty()) {
        auto const n = no_eintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
        if (n < 0) return os_failure("writing", name, errno);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

namespace {

// With the length, which is metadata that reading needs.
status sync_data(int fd, std::string const& path) {
    if (no_eintr([&] { return ::fdatasync(fd); }) != 0) return os_failure("syncing", path, errno);
    return {};
}

class posix_layer final : public file_layer {
public:
    status write_new_synced(std::string const& path, byte_view bytes, ::mode_t mode) override {
        unique_fd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)};
        if (!fd) return os_failure("creating", path, errno);
        auto done = write_all(fd.get(), bytes, path);
        if (done && ::fchmod(fd.get(), mode) != 0) done = os_failure("setting the mode of", path, errno);
        // A failed sync is final for this descriptor: the kernel may have dropped the pages and cleared the error.
        if (done && no_eintr([&] { return ::fsync(fd.get()); }) != 0) done = os_failure("syncing", path, errno);
        if (!done) ::unlink(path.c_str());
        return done;
    }

    status append_synced(std::string const& path, byte_view bytes) override {
        unique_fd fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)};
        if (!fd) return os_failure("opening", path, errno);
        VSECM_TRY_OK(write_all(fd.get(), bytes, path));
        return sync_data(fd.get(), path);
    }

    status shorten_synced(std::string const& path, std::size_t len) override {
        unique_fd fd{::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC)};
        if (!fd) return os_failure("opening", path, errno);
        if (no_eintr([&] { return ::ftruncate(fd.get(), static_cast<::off_t>(len)); }) != 0) return os_failure("shortening", path, errno);
        return sync_data(fd.get(), path);
    }

    status rename(std::string const& from, std::string const& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) return os_failure("renaming to", to, errno);
        return {};
    }

    status link(std::string const& from, std::string const& to) override {
        if (::link(from.c_str(), to.c_str()) == 0) return {};
        if (errno == EEXIST) return fail(errc::conflict, "linking to {}: it exists", to);
        return os_failure("linking to", to, errno);
    }

    status remove(std::string const& path) override {
        if (::unlink(path.c_str()) != 0) return os_failure("removing", path, errno);
        return {};
    }

    status sync_folder(std::string const& path) override {
        unique_fd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (!fd) return os_failure("opening folder", path, errno);
        if (no_eintr([&] { return ::fsync(fd.get()); }) != 0) return os_failure("syncing folder", path, errno);
        return {};
    }

    status make_folder(std::string const& path, ::mode_t mode) override {
        if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
        return os_failure("making folder", path, errno);
    }

    result<std::vector<folder_entry>> list(std::string const& path) override {
        unique_fd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (!fd) return os_failure("opening folder", path, errno);
        std::unique_ptr<DIR, int (*)(DIR*)> folder{::fdopendir(fd.get()), ::closedir};
        if (!folder) return os_failure("listing", path, errno);
        fd.release();
        std::vector<folder_entry> entries;
        for (;;) {
            errno = 0;
            auto const* entry = ::readdir(folder.get());
            if (entry == nullptr) break;
            std::string_view const name{entry->d_name};
            if (name != "." && name != "..") entries.push_back({std::string(name), kind_of(::dirfd(folder.get()), *entry)});
        }
        if (errno != 0) return os_failure("listing", path, errno);
        return entries;
    }

    result<secret_text> read(std::string const& path, std::size_t max_len) override { return read_file(path, max_len); }
};

}  // namespace

bool ready_to_write(int fd, std::chrono::milliseconds patience) noexcept {
    ::pollfd asked{fd, POLLOUT, 0};
    return no_eintr([&] { return ::poll(&asked, 1, static_cast<int>(patience.count())); }) > 0;
}

unique_fd& unique_fd::operator=(unique_fd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

void unique_fd::reset() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

file_layer& posix_files() noexcept {
    static posix_layer instance;
    return instance;
}

result<secret_text> read_file(std::string const& path, std::size_t max_len) {
    // O_NONBLOCK: opening a FIFO somebody planted must not hang the caller.
    unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!fd) return os_failure("opening", path, errno);
    struct ::stat info {};
    if (::fstat(fd.get(), &info) != 0) return os_failure("reading", path, errno);
    if (!S_ISREG(info.st_mode)) return fail(errc::invalid, "{} is not a regular file", path);
    secret_text out;
    out.resize(std::min(static_cast<std::size_t>(info.st_size), max_len) + 1);  // one more, to see the end at once
    std::size_t len = 0;
    for (;;) {
        auto const n = no_eintr([&] { return ::read(fd.get(), out.data() + len, out.size() - len); });
        if (n < 0) return os_failure("reading", path, errno);
        if (n == 0) break;
        len += static_cast<std::size_t>(n);
        if (len > max_len) return fail(errc::too_large, "{} is larger than {} bytes", path, max_len);
        if (len == out.size()) out.resize(std::min(out.size() * 2, max_len + 1));
    }
    out.resize(len);
    return out;
}

std::string folder_of(std::string const& path) {
    auto const slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

status change_owner(std::string const& path, file_owner owner) {
    if (owner.is_given() && ::lchown(path.c_str(), owner.user, owner.group) != 0) return os_failure("giving away", path, errno);
    return {};
}

namespace {

// The group comes before the mode, and the user last: at no moment may anybody else read it, and until then the mode is ours to set.
status give_away(std::string const& path, ::mode_t mode, file_owner owner) {
    if (!owner.is_given()) return {};
    unique_fd const fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
    if (!fd) return os_failure("opening", path, errno);
    file_owner const as_it_is;
    if (::fchown(fd.get(), as_it_is.user, owner.group) != 0) return os_failure("giving away", path, errno);
    if (::fchmod(fd.get(), mode) != 0) return os_failure("setting the mode of", path, errno);
    if (::fchown(fd.get(), owner.user, as_it_is.group) != 0) return os_failure("giving away", path, errno);
    return {};
}

}  // namespace

status replace_file(file_layer& files, std::string const& path, byte_view bytes, ::mode_t mode, file_owner owner) {
    auto const folder = folder_of(path);
    auto const name = path.substr(path.rfind('/') + 1);
    // Not by the process number: it is 1 in each container of a pod, and at each of its starts.
    auto const aside = std::format("{}/.{}.tmp-{:08x}{:08x}", folder, name, ::randombytes_random(), ::randombytes_random());
    VSECM_TRY_OK(files.write_new_synced(aside, bytes, owner.is_given() ? 0600 : mode));
    auto renamed = give_away(aside, mode, owner);
    if (renamed) renamed = files.rename(aside, path);
    if (!renamed) {
        if (auto gone = files.remove(aside); !gone) renamed.error().what += "; " + gone.error().what;
        return renamed;
    }
    return files.sync_folder(folder);
}

status make_folders(file_layer& files, std::string const& path, ::mode_t mode) {
    auto const there = files.list(path);
    if (there) return {};
    if (there.error().code != errc::not_found) return std::unexpected(there.error());
    auto const above = folder_of(path);
    if (above != "/" && above != ".") VSECM_TRY_OK(make_folders(files, above, mode));
    VSECM_TRY_OK(files.make_folder(path, mode));
    return files.sync_folder(above);
}

}  // namespace vsecm::base
