// One encrypted file a secret. The layout, the order of system calls and why a crash between any two of them loses nothing
// are in docs/record-format.md.
#pragma once

#include "base/file.hpp"
#include "store/backend.hpp"

#include <chrono>

namespace vsecm::store {

struct file_options {
    std::string path;           // the data folder; made (0700) if absent
    std::string key_id;         // root_key::id(): remembered beside the data, so that a wrong key can be named
    std::size_t history = 3;    // earlier versions kept of each secret; 0: none
    std::size_t num_threads = 8;   // that write and sync files of one batch; they only wait for the disk, and start when needed
    std::size_t crowd = 4;         // writes in a batch from which on they share a journal; 0: never
    std::chrono::milliseconds journal_wait{1000};  // until what is in it becomes files
    bool lock = true;           // refuse a second server on the folder
    std::chrono::milliseconds lock_wait{5000};  // for a predecessor to go
    base::file_layer* files = &base::posix_files();
};

// errc::storage if the folder cannot be made or written, errc::conflict if another server has it.
base::result<std::unique_ptr<backend>> open_file_backend(file_options options);

}  // namespace vsecm::store
