// A folder of files that change all at once, laid out as the kubelet lays out a Secret's volume:
//     NAME -> ..data/NAME      ..data -> ..RANDOM      ..RANDOM/NAME: the bytes
// One rename of ..data switches the whole set: whoever opens ..data once, or reads one file, sees one state.
#pragma once

#include "base/file.hpp"
#include "volume/contents.hpp"

#include <functional>
#include <optional>
#include <span>

namespace vsecm::volume {

struct file_access {
    ::mode_t mode = 0600;      // of files; folders may be entered by whoever may read, and are written to by us only
    base::file_owner owner{};  // of files; folders get its group
};

using change_hook = std::function<void()>;

// What the system says of a file, but for when it was read: another text if somebody wrote to it, put another in its place, or took
// it away. A link is followed.
std::string trace_of(std::string const& path);

// Owns nothing but the path. What is there is looked at each time, so that what somebody changed is put right. Touches only
// what has its own form: links to ..data, and folders whose names begin with two dots.
class file_set {
public:
    file_set(std::string folder, file_access access, base::file_layer& files = base::posix_files())
        : folder_(std::move(folder)), access_(access), files_(&files) {}

    // Makes the folder, so that there is something to take turns at. It may be there. errc::storage.
    base::status make() const;
    // Makes it hold exactly these, sorted by name, with checked names: for whose turn it is (take_turn). False: it already did.
    // errc::conflict if something else has one of the names; errc::storage if the disk refuses. After an error the earlier set is
    // still there, whole. What fails once the new one is there is logged: a sync, or what was to be cleaned away, which the next
    // one cleans. `before_change` is called before anything new is there, and not if there is to be nothing new.
    base::result<bool> replace_with(std::span<named_file const> files, change_hook const& before_change = {});

    // Whether one of these is not there by its name, or has other content. One that we may not read, having given it away, has not.
    bool is_other_than(std::span<named_file const> files) const;
    // How many files the set there now has; nothing if there is none.
    std::optional<std::size_t> size() const;
    // As trace_of, of the whole set: its files, the names that lead to them, and nothing of anybody else's.
    std::string trace() const;

private:
    std::string at(std::string_view name) const { return folder_ + "/" + std::string(name); }
    std::string current() const;  // name of the folder that ..data is a link to; empty: none
    bool holds(std::string const& version, std::span<named_file const> files) const;
    base::result<std::string> write_version(std::span<named_file const> files) const;
    bool is_as_made() const;
    base::status check_free(std::span<named_file const> files) const;
    base::status link_names(std::span<named_file const> files) const;
    base::status switch_to(std::string const& version) const;
    base::status remove_other_versions() const;                  // than the current one
    base::status tidy(std::span<named_file const> files) const;  // these, and names that are gone

    std::string folder_;
    file_access access_;
    base::file_layer* files_;
};

}  // namespace vsecm::volume
