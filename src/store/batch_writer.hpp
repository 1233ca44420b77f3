// The order of system calls that makes a batch durable. docs/record-format.md says why it is this order.
#pragma once

#include "store/batch_manifest.hpp"
#include "store/journal.hpp"

#include <atomic>
#include <deque>

namespace vsecm::store {

// One thread at a time (it uses the pool's others itself).
class batch_writer {
public:
    batch_writer(data_folder const& folder, folder_index& index, file_options const& options)
        : folder_(folder), index_(index), options_(options), pool_(options.num_threads),
          history_(folder, index, options.history), journal_(folder, index, history_, pool_, options.journal_wait) {}

    // Finishes, or drops, what a crash left unfinished. Before anything reads the folder.
    base::status recover(record_opener const& opener);
    void apply(std::span<write_group> groups, bool settling);
    // See backend::tend.
    base::result<std::chrono::nanoseconds> tend(bool all);
    // See backend: what is only in the journal becomes files first.
    base::result<std::vector<std::uint64_t>> earlier_versions(std::string const& name);
    base::result<base::secret_text> read_earlier(std::string const& name, std::uint64_t version);
    base::status forget(std::span<std::string const> names);
    work_pool& pool() noexcept { return pool_; }
    version_history& history() noexcept { return history_; }

private:
    // One file of the batch on its way.
    struct step {
        write_group* group;
        record_write const* write;
        bool tombstone;
        std::string stem;
        std::string aside;  // its temporary file's name; empty once renamed
        crypto::digest256 content{};
        std::vector<std::uint8_t> sealed{};  // until it is written
        base::status written{};

        bool alive() const noexcept { return group->outcome.has_value(); }
        bool in_manifest(bool settling) const noexcept { return settling || group->writes.size() > 1; }
    };

    bool is_crowd() const;
    bool share_journal();
    void seal(step& s);
    void write_aside(step& s);
    void write_manifest();
    void drop_superseded();
    void keep_damaged();
    void place_tombstones();
    void place_records();
    base::status place_record(step& s);
    base::status erase_record(step& s);
    base::status bury_record(step& s);
    void sync_history();
    void seal_folder();
    void tidy_up();
    void prune_history();

    void give_up(write_group& group, base::error why, bool uncertain);
    std::string current_file(step const& s) const;
    std::string const& place(step const& s) const { return s.tombstone ? folder_.deleted : folder_.data; }
    auto alive_steps();

    data_folder const& folder_;
    folder_index& index_;
    file_options const& options_;
    work_pool pool_;
    version_history history_;
    journal journal_;
    std::atomic<std::uint64_t> serial_{0};
    std::vector<std::string> to_prune_;   // stems whose history may have grown beyond its limit
    std::vector<std::string> leftovers_;  // of uncertain groups: the next settling batch removes them

    // Of the batch under way.
    std::deque<step> steps_;
    bool settling_ = false;
    bool history_changed_ = false;  // by a removal: to be synced before the data folder
    std::string manifest_;
};

}  // namespace vsecm::store
