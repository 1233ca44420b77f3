// The data folder: where things are in it, whose it is, and that it is ours alone.
#pragma once

#include "base/file.hpp"
#include "store/file_backend.hpp"

#include <unordered_map>
#include <unordered_set>

namespace vsecm::store {

// The folder and its parts. Made if absent, locked while this lives.
class data_folder {
public:
    // errc::storage if it cannot be made or written, errc::conflict if another server has it.
    static base::result<data_folder> open(file_options const& options);

    base::file_layer& files() const noexcept { return *files_; }
    std::string const data;        // one file a secret
    std::string const deleted;     // tombstones
    std::string const history;     // earlier versions
    std::string const quarantine;  // what could not be opened, kept for people
    std::string const own;         // .vsecm: lock, origin, key id; the original passes folders over

    bool adopted() const noexcept { return adopted_; }

    // file_layer::remove; that there is nothing is fine.
    base::status remove_if_there(std::string const& path) const;

    // The key that the records were last opened with, empty if unknown.
    std::string known_key_id() const;
    base::status remember_key_id(std::string const& id) const;

private:
    data_folder(base::file_layer& files, std::string const& path);
    base::status find_origin();

    base::file_layer* files_;
    base::unique_fd lock_;
    bool adopted_ = false;
};

// What the backend knows of the folder beyond the secrets themselves. The writer's own.
struct folder_index {
    std::unordered_map<std::string, std::vector<std::uint64_t>> earlier;      // stem -> versions in history/, ascending
    std::unordered_map<std::string, std::vector<std::string>> quarantined;    // stem -> files in quarantine/
    std::unordered_map<std::string, std::vector<std::string>> aliases;        // name -> files the original would have named so
    std::unordered_map<std::string, std::string> current_aliases;             // name -> the one of them that is its record
    std::unordered_map<std::string, std::vector<std::string>> backups;        // name -> the original's copies of it
    std::unordered_set<std::string> tombstones;                               // stems with a file in deleted/
};

// Waits for a predecessor's lock on `path` (flock); errc::conflict when it does not go.
base::result<base::unique_fd> lock_file(std::string const& path, std::chrono::milliseconds wait);

// data_folder::known_key_id of a folder that is not open yet.
std::string known_key_id(base::file_layer& files, std::string const& data_path);

}  // namespace vsecm::store
