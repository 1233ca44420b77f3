// What lets several files change as one: a list of the renames about to happen, on stable storage before the first of
// them. After a crash the list is carried out or dropped, whole. See docs/record-format.md, "Several files, one change".
#pragma once

#include "crypto/hkdf.hpp"
#include "store/data_folder.hpp"

namespace vsecm::store {

struct planned_rename {
    bool tombstone = false;  // in deleted/, not in the data folder itself
    std::string from, to;    // names of files in that folder
    crypto::digest256 content{};
};

struct batch_manifest {
    bool supersedes = false;  // the manifests before this one are void
    std::vector<planned_rename> renames;
};

std::string print_manifest(batch_manifest const& manifest);
// errc::corrupt if anything is missing: it was still being written when the lights went out.
base::result<batch_manifest> parse_manifest(std::string_view text);

std::string manifest_file(std::uint64_t serial);

// At start: carries out what was decided, drops what was not, removes every temporary file. The folders are synced.
base::status recover_batches(data_folder const& folder);

}  // namespace vsecm::store
