// What a workload's volume holds, kept equal to what safe says. Readers see the old or the new content, never a part, and never
// an empty file by accident.
#pragma once

#include "client/safe_client.hpp"
#include "config/settings.hpp"
#include "volume/file_set.hpp"

#include <optional>

namespace vsecm::volume {

enum class kept {
    written,    // the volume has the new content
    emptied,    // the secret is gone on purpose: deleted, or expired
    unchanged,  // it already had this content and mode
    held,       // there is no secret, but nobody said that it was deleted: what the volume holds stays
};

enum class holding { nothing, empty, secret };  // nothing: no file yet

// Content and mode are compared with what is on disk, so a file that somebody changed is put right by the next follow().
class keeper {
public:
    explicit keeper(config::volume_settings settings, base::file_layer& files = base::posix_files());

    // errc::invalid: this secret cannot be laid out as told, or a template does not go with it; errc::storage, conflict: it cannot
    // be written, and what was there is still there. Once the new content is there, what fails besides is logged. Other keepers of
    // the same volume are waited for, without blocking the loop (take_turn). `found` is borrowed, and its content left as it was. One
    // call at a time. `before_change` is called when the volume is to be written or emptied, before it is; no await is between it and
    // the return.
    net::awaitable<base::result<kept>> follow(client::fetched const& found, change_hook before_change = {});
    holding holds() const;
    // Whether nobody has touched the volume since follow() succeeded last: by what the system says of the files, which tells of
    // more than their content. False before.
    bool is_as_left() const;
    // Whether follow() would render other templates than it did when it succeeded last. False before.
    bool has_new_templates() const;

private:
    std::string trace() const;
    net::awaitable<base::result<kept>> lay_out(client::fetched const& found, change_hook const& before_change);
    net::awaitable<base::result<kept>> replace_file(base::byte_view content, kept done, change_hook const& before_change);
    net::awaitable<base::result<kept>> replace_set(std::span<named_file const> files, kept done, change_hook const& before_change);
    bool has(base::byte_view wanted) const;
    void remember(base::byte_view wanted);
    file_set folder() const;

    config::volume_settings settings_;
    file_access access_;
    base::file_layer* files_;
    std::optional<std::string> left_, templates_;  // the traces of the last success
};

}  // namespace vsecm::volume
