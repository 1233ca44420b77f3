#include "volume/file_set.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "crypto/random.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace vsecm::volume {
namespace {

using base::errc, base::fail, base::posix_files;

constexpr std::string_view data_link = "..data";
constexpr std::string_view data_link_aside = "..data_tmp";
constexpr std::size_t max_file_len = 64U << 20;

std::unexpected<base::error> refused(std::string_view doing, std::string const& path) {
    return fail(errc::storage, "{} {}: {}", doing, path, std::strerror(errno));
}

// Where a link points; empty if `path` is none.
std::string link_target(std::string const& path) {
    std::array<char, 512> text;
    auto const len = ::readlink(path.c_str(), text.data(), text.size());
    return len > 0 && static_cast<std::size_t>(len) < text.size() ? std::string(text.data(), static_cast<std::size_t>(len)) : std::string{};
}

std::string target_of(std::string_view name) { return std::string(data_link) + "/" + std::string(name); }

// Who may read the files may enter their folder. A user that they are given to comes by the last digit, or by the group's.
constexpr ::mode_t folder_mode(file_access const& access) noexcept {
    constexpr auto nobody = static_cast<::uid_t>(-1);
    ::mode_t const readers = (access.mode & 0444) | (access.owner.user != nobody ? 0044U : 0U);
    return 0700 | readers | (readers >> 2);
}

base::status make_folder(std::string const& path) {
    if (::mkdir(path.c_str(), 0700) != 0) return refused("making folder", path);
    return {};
}

// The user stays: in another's folder nothing could be replaced or removed without rights over everybody's files (CAP_DAC_OVERRIDE).
base::status open_folder_to_readers(std::string const& path, file_access const& access) {
    base::unique_fd const folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!folder) return refused("opening", path);
    if (::fchown(folder.get(), static_cast<::uid_t>(-1), access.owner.group) != 0) return refused("giving away", path);
    struct ::stat made {};
    if (::fstat(folder.get(), &made) != 0) return refused("looking at", path);
    // The set-group-ID bit comes from the folder above, and hands the group of a pod (fsGroup) on to what is made in this one.
    if (::fchmod(folder.get(), folder_mode(access) | (made.st_mode & S_ISGID)) != 0) return refused("setting the mode of", path);
    return {};
}

// As far as the disk allows: what is left is tried again at the next change. By a descriptor: others can write to the volume, and
// a link put there meanwhile must not lead us to the files of another folder.
void remove_version(std::string const& path) {
    base::unique_fd const folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    auto const entries = posix_files().list(path);
    if (folder && entries)
        for (auto const& entry : *entries) ::unlinkat(folder.get(), entry.name.c_str(), 0);
    ::rmdir(path.c_str());
}

void warn_unless(base::status const& done) {
    if (!done) base::log::warn("volume_not_tidy", {{"what", done.error().what}});
}

bool is_version(base::folder_entry const& entry) { return entry.kind == base::file_kind::folder && entry.name.size() > 2 && entry.name.starts_with(".."); }

}  // namespace

std::string trace_of(std::string const& path) {
    struct ::stat info {};
    if (::stat(path.c_str(), &info) != 0) return "none";
    auto const nanoseconds = [](::timespec const& when) { return when.tv_sec * 1'000'000'000LL + when.tv_nsec; };
    // The change time is the system's own: nobody can set it back.
    return std::format("{} {} {} {} {} {} {} {}", info.st_dev, info.st_ino, info.st_size, info.st_mode, info.st_uid, info.st_gid,
        nanoseconds(info.st_mtim), nanoseconds(info.st_ctim));
}

std::string file_set::current() const {
    auto const target = link_target(at(data_link));
    return target.size() > 2 && target.starts_with("..") && !target.contains('/') ? target : std::string{};
}

std::optional<std::size_t> file_set::size() const {
    auto const version = current();
    if (version.empty()) return std::nullopt;
    auto const entries = files_->list(at(version));
    if (!entries) return std::nullopt;
    return entries->size();
}

std::string file_set::trace() const {
    auto const version = current();
    std::vector<std::string> told;
    if (auto const names = files_->list(folder_))
        for (auto const& entry : *names)
            if (entry.kind == base::file_kind::other && link_target(at(entry.name)) == target_of(entry.name)) told.push_back(entry.name);
    auto const within = at(version) + "/";
    if (auto const files = files_->list(within); files && !version.empty())
        for (auto const& entry : *files) told.push_back(entry.name + ": " + trace_of(within + entry.name));
    std::ranges::sort(told);  // a folder is listed in no order
    std::string all = version;
    for (auto const& line : told) all += "\n" + line;
    return all;
}

bool file_set::holds(std::string const& version, std::span<named_file const> files) const {
    if (version.empty() || size() != files.size()) return false;
    return std::ranges::all_of(files, [&](named_file const& file) {
        auto const path = at(version) + "/" + file.name;
        struct ::stat info {};
        if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & 07777) != access_.mode || !access_.owner.has(info.st_uid, info.st_gid)) return false;
        auto const now = base::read_file(path, max_file_len);
        return now && base::equal_constant_time(now->bytes(), file.bytes.bytes());
    });
}

bool file_set::is_other_than(std::span<named_file const> files) const {
    return std::ranges::any_of(files, [&](named_file const& file) {
        if (link_target(at(file.name)) != target_of(file.name)) return true;
        auto const now = base::read_file(at(file.name), max_file_len);
        return now ? !base::equal_constant_time(now->bytes(), file.bytes.bytes()) : now.error().code == errc::not_found;
    });
}

base::status file_set::check_free(std::span<named_file const> files) const {
    for (auto const& file : files) {
        struct ::stat info {};
        if (::lstat(at(file.name).c_str(), &info) == 0 && link_target(at(file.name)) != target_of(file.name))
            return fail(errc::conflict, "{} is in the way: it is not the sidecar's", at(file.name));
    }
    return {};
}

base::result<std::string> file_set::write_version(std::span<named_file const> files) const {
    std::array<std::uint8_t, 8> number;
    crypto::random_fill(number);
    auto version = ".." + base::hex_encode(number);
    auto const path = at(version);
    auto done = make_folder(path);
    for (std::size_t i = 0; done && i < files.size(); ++i) {
        auto const file = path + "/" + files[i].name;
        done = files_->write_new_synced(file, files[i].bytes.bytes(), access_.mode);
        if (done) done = base::change_owner(file, access_.owner);
    }
    if (done) done = files_->sync_folder(path);
    if (done) done = open_folder_to_readers(path, access_);
    if (done) return version;
    remove_version(path);
    return std::unexpected(std::move(done).error());
}

base::status file_set::link_names(std::span<named_file const> files) const {
    for (auto const& file : files)
        if (link_target(at(file.name)).empty() && ::symlink(target_of(file.name).c_str(), at(file.name).c_str()) != 0) return refused("linking", at(file.name));
    return {};
}

base::status file_set::switch_to(std::string const& version) const {
    auto const aside = at(data_link_aside);
    ::unlink(aside.c_str());  // of a crash
    if (::symlink(version.c_str(), aside.c_str()) != 0) return refused("linking", aside);
    return files_->rename(aside, at(data_link));
}

base::status file_set::remove_other_versions() const {
    auto const now = current();
    VSECM_TRY(entries, files_->list(folder_));
    for (auto const& entry : entries)
        if (is_version(entry) && entry.name != now) remove_version(at(entry.name));
    return {};
}

// Made just now, or by one of us that was killed before it opened the folder to readers. The set-group-ID bit says nothing.
bool file_set::is_as_made() const {
    struct ::stat info {};
    return ::lstat(folder_.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() && (info.st_mode & 01777) == 0700 && current().empty();
}

base::status file_set::tidy(std::span<named_file const> files) const {
    VSECM_TRY_OK(remove_other_versions());
    VSECM_TRY(entries, files_->list(folder_));
    for (auto const& entry : entries) {
        if (entry.kind != base::file_kind::other || std::ranges::binary_search(files, entry.name, {}, &named_file::name)) continue;
        if (link_target(at(entry.name)) == target_of(entry.name)) ::unlink(at(entry.name).c_str());
    }
    return {};
}

base::status file_set::make() const {
    auto made = make_folder(folder_);
    if (!made && ::access(folder_.c_str(), F_OK) != 0) return made;
    return {};
}

base::result<bool> file_set::replace_with(std::span<named_file const> files, change_hook const& before_change) {
    if (is_as_made()) VSECM_TRY_OK(open_folder_to_readers(folder_, access_));
    // Before anything is written: were it only done after a success, the versions of writers that were killed would fill the volume.
    VSECM_TRY_OK(remove_other_versions());
    VSECM_TRY_OK(check_free(files));
    if (holds(current(), files)) {
        VSECM_TRY_OK(link_names(files));
        warn_unless(tidy(files));
        return false;
    }
    if (before_change) before_change();
    VSECM_TRY(version, write_version(files));
    auto done = link_names(files);
    if (done) done = switch_to(version);
    if (!done) {
        remove_version(at(version));
        // Names that lead nowhere are worse than none.
        for (auto const& file : files)
            if (::access(at(file.name).c_str(), F_OK) != 0) ::unlink(at(file.name).c_str());
        return std::unexpected(std::move(done).error());
    }
    // Readers have it now: an error would have it written, and told, as if they had not.
    warn_unless(files_->sync_folder(folder_));
    warn_unless(tidy(files));
    return true;
}

}  // namespace vsecm::volume
