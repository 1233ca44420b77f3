#include "volume/keeper.hpp"

#include "base/folder_lock.hpp"
#include "base/leftovers.hpp"
#include "base/log.hpp"
#include "base/try.hpp"

#include <sys/stat.h>

namespace vsecm::volume {
namespace {

constexpr std::size_t max_file_len = 64U << 20;
using config::volume_layout;

file_access access_of(config::volume_settings const& settings) {
    file_access access{settings.file_mode, {}};
    if (settings.user) access.owner.user = *settings.user;
    if (settings.group) access.owner.group = *settings.group;
    return access;
}

}  // namespace

keeper::keeper(config::volume_settings settings, base::file_layer& files)
    : settings_(std::move(settings)), access_(access_of(settings_)), files_(&files) {}

file_set keeper::folder() const { return {settings_.path, access_, *files_}; }

// The file with this content, mode and owner.
bool keeper::has(base::byte_view wanted) const {
    struct ::stat now {};
    if (::stat(settings_.path.c_str(), &now) != 0 || (now.st_mode & 07777) != access_.mode || !access_.owner.has(now.st_uid, now.st_gid)) return false;
    auto const text = base::read_file(settings_.path, max_file_len);
    return text && base::equal_constant_time(text->bytes(), wanted);
}

holding keeper::holds() const {
    if (settings_.layout == volume_layout::keys) {
        auto const num_files = folder().size();
        return !num_files ? holding::nothing : *num_files == 0 ? holding::empty : holding::secret;
    }
    struct ::stat now {};
    // A folder in the file's place (a volume mounted there) has a size, too.
    if (::stat(settings_.path.c_str(), &now) != 0 || !S_ISREG(now.st_mode)) return holding::nothing;
    return now.st_size == 0 ? holding::empty : holding::secret;
}

std::string keeper::trace() const { return settings_.layout == volume_layout::keys ? folder().trace() : trace_of(settings_.path); }

bool keeper::is_as_left() const { return left_ && *left_ == trace(); }

// A wrong mode is put right by replacing the file, too: it may be another user's, whose mode is not ours to change.
base::result<kept> keeper::replace_file(base::byte_view wanted, kept done) {
    VSECM_TRY(alone, base::lock_folder(base::folder_of(settings_.path), patience_with_others));
    // Whoever was killed while it wrote left a secret there, and would leave another each time.
    base::remove_leftovers(*files_, settings_.path);
    if (has(wanted)) return kept::unchanged;
    auto replaced = base::replace_file(*files_, settings_.path, wanted, access_.mode, access_.owner);
    if (replaced) return done;
    // Readers have it already, and only the sync failed: as an error it would be found unchanged at the next try, and told to nobody.
    if (!has(wanted)) return std::unexpected(std::move(replaced).error());
    base::log::warn("volume_not_synced", {{"what", replaced.error().what}});
    return done;
}

base::result<kept> keeper::keep(base::secret_text&& value) {
    if (settings_.layout == volume_layout::keys) {
        VSECM_TRY(files, files_of(std::move(value), settings_));
        VSECM_TRY(is_new, folder().replace_with(files));
        return is_new ? kept::written : kept::unchanged;
    }
    VSECM_TRY(text, content_of(std::move(value), settings_));
    return replace_file(text.bytes(), kept::written);
}

base::result<kept> keeper::follow(client::fetched const& found) {
    auto done = lay_out(found);
    // A folder or a template that is not there: to who asks for a secret, "not found" means another thing.
    if (!done && done.error().code == base::errc::not_found) done.error().code = base::errc::storage;
    if (done) left_ = trace();
    return done;
}

base::result<kept> keeper::lay_out(client::fetched const& found) {
    using what = client::fetched::kind;
    if (found.what == what::unchanged) return kept::unchanged;
    if (found.what == what::value) {
        // The secret as it is needs no copy: it is what a sidecar keeps nearly always.
        if (settings_.layout == volume_layout::file && settings_.template_path.empty()) return replace_file(found.content.data.bytes(), kept::written);
        return keep(found.content.data.clone());
    }
    if (found.why == api::absence::deleted || found.why == api::absence::expired) {
        if (settings_.layout != volume_layout::keys) return replace_file({}, kept::emptied);
        VSECM_TRY(is_new, folder().replace_with({}));
        return is_new ? kept::emptied : kept::unchanged;
    }
    // Absent, or not yet: a safe that lost its volume knows no secret at all, and that must not wipe every file of a fleet.
    return holds() == holding::secret ? kept::held : kept::unchanged;
}

}  // namespace vsecm::volume
