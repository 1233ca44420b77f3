#include "store/version_reader.hpp"

#include "api/secret.hpp"
#include "base/encoding.hpp"
#include "base/try.hpp"

#include <algorithm>
#include <ranges>

namespace vsecm::store {

using base::errc;
using base::fail;

base::result<std::shared_ptr<stored_secret>> version_reader::open(std::string const& name, std::uint64_t version) const {
    VSECM_TRY(sealed, behind_.read_earlier(name, version));
    auto const stem = api::encode_name(name);  // what a file of the original may have called it
    std::string_view const names[] = {name, stem};
    auto found = reader_.open(sealed.bytes(), names);
    if (found.verdict == open_verdict::other_key)
        return fail(errc::corrupt, "version {} of `{}` does not open with this root key", version, base::printable(name));
    if (found.verdict != open_verdict::opened || found.secret->state != secret_state::present)
        return fail(errc::corrupt, "version {} of `{}` is damaged", version, base::printable(name));
    return std::move(found.secret);
}

base::result<plain_record> version_reader::read(std::string const& name, std::uint64_t version) const {
    VSECM_TRY(secret, open(name, version));
    return maker_.reveal(*secret);
}

base::result<plain_record> version_reader::read_newest(std::string const& name) const {
    VSECM_TRY(kept, behind_.earlier_versions(name));
    if (kept.empty()) return fail(errc::not_found, "nothing of `{}` is kept", base::printable(name));
    return read(name, kept.back());
}

base::result<version_list> version_reader::list(std::string const& name, secret_ptr const& current) const {
    if (!current || current->state == secret_state::vacant)
        return fail(errc::not_found, "there is no secret named `{}`", base::printable(name));
    version_list found;
    version_info now{current->version, version_state::current, current->updated, 0};
    if (current->state == secret_state::deleted) now.state = version_state::deleted;
    if (current->state == secret_state::damaged) now = {0, version_state::damaged, std::nullopt, 0};
    if (current->state == secret_state::present) {
        VSECM_TRY(text, maker_.open_joined(*current));
        now.value_len = text.size();
    }
    found.push_back(now);
    VSECM_TRY(kept, behind_.earlier_versions(name));
    for (auto const version : kept | std::views::reverse) {
        // A second link to the current one, of a write that a crash cut short.
        if (current->state == secret_state::present && version >= current->version) continue;
        version_info one{version, version_state::damaged, std::nullopt, 0};
        if (auto const secret = open(name, version)) {
            VSECM_TRY(text, maker_.open_joined(**secret));
            one = {version, version_state::earlier, (*secret)->updated, text.size()};
        } else if (secret.error().code != errc::corrupt) {
            return std::unexpected(secret.error());
        }
        found.push_back(one);
    }
    return found;
}

}  // namespace vsecm::store
