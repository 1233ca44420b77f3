#include "volume/keeper.hpp"

#include "base/leftovers.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "volume/templates.hpp"
#include "volume/turn.hpp"

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

// What the volume looks like now is what we left, unless somebody has been there since. The look comes first: whoever comes after it
// is noticed. What we have given away and may not read is not doubted, or it would be written again and again.
void keeper::remember(base::byte_view wanted) {
    left_ = trace();
    auto const text = base::read_file(settings_.path, max_file_len);
    if (text ? !base::equal_constant_time(text->bytes(), wanted) : text.error().code == base::errc::not_found) left_.reset();
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

bool keeper::has_new_templates() const { return templates_ && *templates_ != trace_of_templates(settings_.template_path); }

// A wrong mode is put right by replacing the file, too: it may be another user's, whose mode is not ours to change.
net::awaitable<base::result<kept>> keeper::replace_file(base::byte_view wanted, kept done, change_hook const& before_change) {
    auto const folder = base::folder_of(settings_.path);
    VSECM_CO_TRY(turn, co_await take_turn(folder));
    // Whoever was killed while it wrote left a secret there, and would leave another each time.
    base::remove_leftovers(*files_, settings_.path);
    if (auto seen = trace(); has(wanted)) {
        left_ = std::move(seen);
        co_return kept::unchanged;
    }
    if (before_change) before_change();
    auto replaced = base::replace_file(*files_, settings_.path, wanted, access_.mode, access_.owner);
    // Readers have it already, and only the sync failed: as an error it would be found unchanged at the next try, and told to nobody.
    if (!replaced && !has(wanted)) co_return std::unexpected(std::move(replaced).error());
    if (!replaced) base::log::warn("volume_not_synced", {{"what", replaced.error().what}});
    remember(wanted);
    co_return done;
}

net::awaitable<base::result<kept>> keeper::replace_set(std::span<named_file const> files, kept done, change_hook const& before_change) {
    auto set = folder();
    VSECM_CO_TRY_OK(set.make());
    VSECM_CO_TRY(turn, co_await take_turn(settings_.path));
    VSECM_CO_TRY(is_new, set.replace_with(files, before_change));
    left_ = set.trace();
    if (set.is_other_than(files)) left_.reset();  // as in remember()
    co_return is_new ? done : kept::unchanged;
}

net::awaitable<base::result<kept>> keeper::follow(client::fetched const& found, change_hook before_change) {
    auto templates = trace_of_templates(settings_.template_path);  // before they are read: what comes meanwhile is new
    auto done = co_await lay_out(found, before_change);
    // A folder or a template that is not there: to who asks for a secret, "not found" means another thing.
    if (!done && done.error().code == base::errc::not_found) done.error().code = base::errc::storage;
    if (done) templates_ = std::move(templates);
    co_return done;
}

net::awaitable<base::result<kept>> keeper::lay_out(client::fetched const& found, change_hook const& before_change) {
    using what = client::fetched::kind;
    if (found.what == what::value) {
        auto const& secret = found.content.data;
        if (settings_.layout == volume_layout::keys) {
            VSECM_CO_TRY(files, files_of(secret.clone(), settings_));
            co_return co_await replace_set(files, kept::written, before_change);
        }
        // The secret as it is needs no copy: it is what a sidecar keeps nearly always.
        if (settings_.layout == volume_layout::file && settings_.template_path.empty()) co_return co_await replace_file(secret.bytes(), kept::written, before_change);
        VSECM_CO_TRY(text, content_of(secret.clone(), settings_));
        co_return co_await replace_file(text.bytes(), kept::written, before_change);
    }
    if (found.what == what::absent && (found.why == api::absence::deleted || found.why == api::absence::expired)) {
        if (settings_.layout != volume_layout::keys) co_return co_await replace_file({}, kept::emptied, before_change);
        co_return co_await replace_set({}, kept::emptied, before_change);
    }
    left_ = trace();
    if (found.what == what::unchanged) co_return kept::unchanged;
    // Absent, or not yet: a safe that lost its volume knows no secret at all, and that must not wipe every file of a fleet.
    co_return holds() == holding::secret ? kept::held : kept::unchanged;
}

}  // namespace vsecm::volume
