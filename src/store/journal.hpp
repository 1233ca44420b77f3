// The crowd's way to the disk: when many write at once, a batch is added to one file, with one sync, and becomes ordinary
// files a moment later, in a checkpoint. What was overwritten meanwhile never costs a file of its own. A lone writer never
// comes here. docs/record-format.md, "A crowd of writers", says why a crash between any two calls loses nothing.
#pragma once

#include "store/backend.hpp"
#include "store/journal_format.hpp"
#include "store/version_history.hpp"
#include "store/work_pool.hpp"

#include <chrono>
#include <deque>
#include <map>

namespace vsecm::store {

// The writer's own: one thread at a time (it uses the pool's others itself).
class journal {
public:
    journal(data_folder const& folder, folder_index& index, version_history& history, work_pool& pool, std::chrono::nanoseconds wait)
        : folder_(folder), index_(index), history_(history), pool_(pool), wait_(wait) {}

    // Turns what a crash left into files, unless somebody else wrote newer ones meanwhile. First thing at start. errc::storage
    // (nothing is lost, start again), errc::no_match if our key does not open what is there.
    base::status recover(record_opener const& opener);

    // Makes all entries durable, or none; their stems differ from each other. After an error they are not there, unless
    // in_doubt(): then a restart might show them all the same.
    base::status append(std::vector<journal_entry> entries);
    // Half written or half removed: nothing may be added before a checkpoint has succeeded.
    bool in_doubt() const noexcept { return in_doubt_; }

    // There is no file, nor ever was one that a crash could bring back.
    bool empty() const noexcept { return !exists_; }
    // Nothing may be added before a checkpoint.
    bool full() const noexcept;
    // How long until a checkpoint is due: zero or less when it is. Maximum if there is nothing to do.
    std::chrono::nanoseconds until_due() const;

    // Everything becomes ordinary files, and the journal goes; both are on stable storage when it returns. After an error
    // everything is still in the journal, and it can be tried again.
    base::status checkpoint();

private:
    // A name with newer versions than its file has.
    struct pending {
        struct kept_version {
            std::uint64_t number = 0, replaces = 0;
            std::vector<std::uint8_t> sealed;
            std::string aside;  // its temporary file's name, during a checkpoint
        };
        std::deque<kept_version> versions;  // newest first; no more than are kept
        std::uint64_t in_file = 0;     // the version that the data folder has
        bool placed() const noexcept { return in_file == versions.front().number; }  // by a checkpoint that failed later
    };

    void add(journal_entry entry);
    base::status take_back(bool whole_file);
    base::status try_checkpoint();
    base::status write_aside();
    void place_earlier();
    base::status place_newest();
    void drop_superseded();
    base::status remove_file();
    base::status keep_damaged() const;
    base::status compare_with_files(record_opener const& opener, bool is_complete);

    data_folder const& folder_;
    folder_index& index_;
    version_history& history_;
    work_pool& pool_;
    std::chrono::nanoseconds wait_;  // of a record for a checkpoint
    std::uint64_t serial_ = 0;
    std::map<std::string, pending> pending_;  // by stem
    std::vector<std::string> leftovers_;      // temporary files of versions that are not kept after all
    bool exists_ = false;
    bool in_doubt_ = false;
    std::size_t file_len_ = 0;                // what of the file was acknowledged
    std::size_t num_versions_ = 0;            // in pending_
    std::chrono::steady_clock::time_point oldest_{}, not_before_{};
    base::error last_failure_{};              // why not before that
};

}  // namespace vsecm::store
