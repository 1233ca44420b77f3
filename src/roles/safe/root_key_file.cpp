#include "roles/safe/root_key_file.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "store/journal_format.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

constexpr std::size_t max_key_file_len = 64 * 1024;

bool is_record(std::string_view file) noexcept { return file.ends_with(".age") || file.ends_with(".age.backup") || file == store::journal_file; }

// Any file that could be a record counts: the original's backups, what is left of deleted secrets, a crowd's journal.
base::result<bool> has_records(base::file_layer& files, std::string const& folder) {
    for (auto const* part : {"", "/deleted", "/history", "/quarantine"}) {
        auto entries = files.list(folder + part);
        if (!entries) {
            if (entries.error().code == errc::not_found) continue;
            return pass(std::move(entries), "looking for stored secrets");
        }
        for (auto const& entry : *entries)
            if (entry.kind == base::file_kind::regular && is_record(entry.name)) return true;
    }
    return false;
}

bool is_placeholder(std::string_view text) {
    auto const first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return true;
    auto const last = text.find_last_not_of(" \t\r\n");
    return text.substr(first, last - first + 1) == "{}";
}

std::string folder_of(std::string const& path) {
    auto const slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Makes a second safe wait while the first decides; the store's own lock comes too late for that. A file system without
// locks gives none, and the store's lock is all there is.
base::result<base::unique_fd> lock_folder(std::string const& path) {
    using std::chrono::steady_clock;
    base::unique_fd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    auto const until = steady_clock::now() + std::chrono::seconds(5);
    while (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
        if (steady_clock::now() >= until) return fail(errc::conflict, "somebody holds a lock on {}, where the root key is to be made", path);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return fd;
}

// Nothing if none was made yet.
base::result<std::optional<crypto::root_key>> read_root_key(std::string const& path) {
    auto text = base::read_file(path, max_key_file_len);
    if (!text && text.error().code != errc::not_found) return pass(std::move(text), "root key");
    if (!text || is_placeholder(text->view())) return std::nullopt;
    auto key = crypto::root_key::parse(text->view());
    if (!key) return pass(std::move(key), "root key " + path);
    return std::optional(std::move(*key));
}

}  // namespace

base::result<crypto::root_key> load_or_make_root_key(base::file_layer& files, std::string const& path, std::string const& data_path) {
    VSECM_TRY(there, read_root_key(path));
    if (there) return *std::move(there);
    auto const folder = folder_of(path);
    VSECM_TRY_OK(files.make_folder(folder, 0700));
    // Q7: two that start at once must not both make one: the later would replace a key that is in use already.
    VSECM_TRY(held, lock_folder(folder));
    VSECM_TRY(made_meanwhile, read_root_key(path));
    if (made_meanwhile) return *std::move(made_meanwhile);
    VSECM_TRY(data_present, has_records(files, data_path));
    if (data_present)
        return fail(errc::conflict,
                    "there is no root key at {}, but {} holds stored secrets. Put their root key there (VSECM_ROOT_KEY_PATH); "
                    "a new key would open none of them",
                    path, data_path);
    auto key = crypto::root_key::generate();
    auto const printed = key.print();
    if (auto written = base::replace_file(files, path, printed.bytes(), 0600); !written) return pass(std::move(written), "storing the new root key");
    base::log::warn("root_key_made", {{"path", path}, {"id", key.id()}, {"what", "keep a copy of this file: without it no backup can be opened"}});
    return key;
}

}  // namespace vsecm::roles::safe
