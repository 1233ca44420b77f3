#include "store/data_folder.hpp"

#include "base/try.hpp"
#include "store/file_name.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace vsecm::store {

using base::errc;
using base::fail;

namespace {

constexpr std::size_t max_marker_len = 256;

std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(" \r\n")); }

}  // namespace

data_folder::data_folder(base::file_layer& files, std::string const& path)
    : data(path), deleted(path + "/deleted"), history(path + "/history"), quarantine(path + "/quarantine"),
      own(path + "/.vsecm"), files_(&files) {}

base::result<data_folder> data_folder::open(file_options const& options) {
    data_folder folder(*options.files, options.path);
    auto const unusable = [&](base::error&& e) {
        return std::unexpected(std::move(e).within(std::format("the data folder {} cannot be used", options.path)));
    };
    if (auto made = base::make_folders(folder.files(), folder.data, 0700); !made) return unusable(std::move(made).error());
    if (auto made = folder.files().make_folder(folder.own, 0700); !made) return unusable(std::move(made).error());
    if (options.lock) {
        auto lock = lock_file(folder.own + "/lock", options.lock_wait);
        if (!lock) return unusable(std::move(lock).error());
        folder.lock_ = *std::move(lock);
    }
    for (auto const* part : {&folder.deleted, &folder.history, &folder.quarantine})
        if (auto made = folder.files().make_folder(*part, 0700); !made) return unusable(std::move(made).error());
    if (auto found = folder.find_origin(); !found) return unusable(std::move(found).error());
    if (auto synced = folder.files().sync_folder(folder.data); !synced) return unusable(std::move(synced).error());
    return folder;
}

base::status data_folder::find_origin() {
    auto const path = own + "/origin";
    auto const known = files().read(path, max_marker_len);
    if (known) {
        adopted_ = first_word(known->view()) == "adopted";
        return {};
    }
    // Guessing anew would find our own records and take the folder for an original's, whose rules are weaker.
    if (known.error().code != errc::not_found) return std::unexpected(known.error());
    VSECM_TRY(entries, files().list(data));
    for (auto const& e : entries) adopted_ = adopted_ || (e.kind == base::file_kind::regular && stem_of(e.name));
    return base::replace_file(files(), path, base::as_bytes(adopted_ ? "adopted\n" : "created by vsecm\n"), 0600);
}

base::status data_folder::remove_if_there(std::string const& path) const {
    auto gone = files().remove(path);
    if (!gone && gone.error().code == errc::not_found) return {};
    return gone;
}

std::string data_folder::known_key_id() const { return store::known_key_id(files(), data); }

std::string known_key_id(base::file_layer& files, std::string const& data_path) {
    auto const text = files.read(data_path + "/.vsecm/key-id", max_marker_len);
    return text ? std::string(first_word(text->view())) : std::string();
}

base::status data_folder::remember_key_id(std::string const& id) const {
    return base::replace_file(files(), own + "/key-id", base::as_bytes(id + "\n"), 0600);
}

base::result<base::unique_fd> lock_file(std::string const& path, std::chrono::milliseconds wait) {
    base::unique_fd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd) return fail(errc::storage, "opening {}: {}", path, std::strerror(errno));
    auto const until = std::chrono::steady_clock::now() + wait;
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return fail(errc::storage, "locking {}: {}", path, std::strerror(errno));
        if (std::chrono::steady_clock::now() >= until)
            return fail(errc::conflict, "another safe is using it (it holds {})", path);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return fd;
}

}  // namespace vsecm::store
