// Earlier versions of secrets, in history/: ciphertext files that only an operator's question, or keygen, ever reads.
#pragma once

#include "store/data_folder.hpp"

#include <string_view>

namespace vsecm::store {

// The writer's own: one thread.
class version_history {
public:
    // Keeps the last `limit` versions of each secret; 0: none.
    version_history(data_folder const& folder, folder_index& index, std::size_t limit)
        : folder_(folder), index_(index), limit_(limit) {}

    std::size_t limit() const noexcept { return limit_; }

    // The file `current` of the data folder, about to be replaced, stays under a second link: no copy, no extra sync. Without
    // it the write goes on: a failure is logged.
    void link(std::string const& current, std::string const& stem, std::uint64_t version);
    // Takes in a file of the data folder: it is no longer there. errc::storage; the caller syncs history/.
    base::status place(std::string const& file, std::string const& stem, std::uint64_t version);
    // Drops what is beyond the limit. What cannot be removed now is removed after the next write.
    void prune(std::string const& stem);
    // Drops everything. errc::storage; the caller syncs history/.
    base::status erase(std::string const& stem);

    bool has(std::string const& stem) const { return index_.earlier.contains(stem); }
    std::vector<std::uint64_t> versions(std::string const& stem) const;  // ascending
    // errc::not_found if it is not kept, storage.
    base::result<base::secret_text> read(std::string const& stem, std::uint64_t version) const;

private:
    std::string path_of(std::string_view stem, std::uint64_t version) const;
    void note(std::string const& stem, std::uint64_t version);

    data_folder const& folder_;
    folder_index& index_;
    std::size_t limit_;
};

}  // namespace vsecm::store
