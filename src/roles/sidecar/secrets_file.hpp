// The one file a sidecar keeps. Readers see the old or the new content, never a part, and never an empty file by accident.
#pragma once

#include "base/file.hpp"
#include "client/safe_client.hpp"

#include <optional>
#include <string>

namespace vsecm::roles::sidecar {

enum class kept {
    written,    // the file has the new content
    emptied,    // the secret is gone on purpose: deleted, or expired
    unchanged,  // it already had this content and mode
    held,       // there is no secret, but nobody said that it was deleted: what the file holds stays
};

// Owns nothing but the path. Content and mode are compared with what is on disk, so a file that somebody changed is put right.
class secrets_file {
public:
    secrets_file(base::file_layer& files, std::string path, ::mode_t mode) : files_(files), path_(std::move(path)), mode_(mode) {}

    // errc::storage if the file cannot be written: what was there is still there.
    base::result<kept> follow(client::fetched const& found);

private:
    base::result<kept> replace_with(base::byte_view content, kept done);
    std::optional<base::secret_text> content() const;

    base::file_layer& files_;
    std::string path_;
    ::mode_t mode_;
};

}  // namespace vsecm::roles::sidecar
