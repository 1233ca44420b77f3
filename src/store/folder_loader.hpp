// Reads a data folder, of ours or of the original, on all cores; decides between files that claim the same name; puts
// aside what is damaged. Nothing is lost and nothing is silent.
#pragma once

#include "store/version_history.hpp"
#include "store/work_pool.hpp"

namespace vsecm::store {

// Recovers interrupted batches first. Fills `index`. errc::no_match if there are records and the key opens none of them;
// errc::storage if none can be read at all.
base::result<loaded_records> load_folder(data_folder const& folder, record_opener const& opener, std::string const& key_id,
                                         work_pool& pool, version_history& history, folder_index& index);

}  // namespace vsecm::store
