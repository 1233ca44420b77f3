// The root key in a file (VSECM_SAFE_ROOT_KEY_STORE=file): read, or made once for an empty data folder.
#pragma once

#include "base/file.hpp"
#include "crypto/root_key.hpp"

#include <string>

namespace vsecm::roles::safe {

// Reads the key at `path`. Absent, empty or the original's placeholder `{}`: generates one, writes it 0600 and synced
// before returning it, but only if `data_path` holds no store file; a key made beside data it cannot open would only hide
// the loss, so that is errc::conflict with what to do. errc::invalid for a malformed file. Blocking.
base::result<crypto::root_key> load_or_make_root_key(base::file_layer& files, std::string const& path, std::string const& data_path);

}  // namespace vsecm::roles::safe
