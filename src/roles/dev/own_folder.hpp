// Folders that nobody else had, or has, a hand in: what lies in them decides who is who in a local system.
#pragma once

#include "base/file.hpp"

namespace vsecm::roles::dev {

// A folder that is open. It belongs to us, and nobody else may write into it.
class own_folder {
public:
    // `path` has no links in it. Makes the folder (0700) if it is not there. errc::denied, with what to do, if it is another user's, or
    // one that others may write into; errc::invalid if it is none.
    static base::result<own_folder> open(std::string path);
    // The same, of a folder in this one.
    base::result<own_folder> open_below(std::string const& name) const;

    // errc::denied if something in it is another user's: it came before the folder was ours alone.
    base::status check_entries() const;
    std::string const& path() const noexcept { return path_; }

private:
    own_folder(base::unique_fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    static base::result<own_folder> open_at(int above, std::string const& name, std::string path);

    base::unique_fd fd_;
    std::string path_;
};

}  // namespace vsecm::roles::dev
