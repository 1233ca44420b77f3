#include "roles/sidecar/secrets_file.hpp"

#include "base/try.hpp"

#include <sys/stat.h>

namespace vsecm::roles::sidecar {
namespace {

constexpr std::size_t max_file_len = 64U << 20;

bool has_mode(std::string const& path, ::mode_t mode) {
    struct ::stat now {};
    return ::stat(path.c_str(), &now) == 0 && (now.st_mode & 07777) == mode;
}

}  // namespace

std::optional<base::secret_text> secrets_file::content() const {
    auto text = base::read_file(path_, max_file_len);
    if (!text) return std::nullopt;
    return std::move(*text);
}

// A wrong mode is put right by replacing the file, too: it may be another user's, whose mode is not ours to change.
base::result<kept> secrets_file::replace_with(base::byte_view wanted, kept done) {
    if (auto const now = content(); now && base::equal_constant_time(now->bytes(), wanted) && has_mode(path_, mode_)) return kept::unchanged;
    VSECM_TRY_OK(base::replace_file(files_, path_, wanted, mode_));
    return done;
}

base::result<kept> secrets_file::follow(client::fetched const& found) {
    using what = client::fetched::kind;
    if (found.what == what::unchanged) return kept::unchanged;
    if (found.what == what::value) return replace_with(found.content.data.bytes(), kept::written);
    switch (found.why) {
        case api::absence::deleted:
        case api::absence::expired: return replace_with({}, kept::emptied);
        // A safe that lost its volume knows no secret at all: that must not wipe every file of a fleet.
        case api::absence::absent:
        case api::absence::not_yet: break;
    }
    auto const now = content();
    return now && !now->empty() ? kept::held : kept::unchanged;
}

}  // namespace vsecm::roles::sidecar
