#include "roles/sidecar/secrets_file.hpp"

#include "base/try.hpp"

namespace vsecm::roles::sidecar {
namespace {

constexpr std::size_t max_file_len = 64U << 20;

}  // namespace

std::optional<base::secret_text> secrets_file::content() const {
    auto text = base::read_file(path_, max_file_len);
    if (!text) return std::nullopt;
    return std::move(*text);
}

base::result<kept> secrets_file::replace_with(base::byte_view wanted, kept done) {
    if (auto const now = content(); now && base::equal_constant_time(now->bytes(), wanted)) return kept::unchanged;
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
