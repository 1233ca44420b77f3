#include "store/version_history.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "store/file_name.hpp"
#include "store/limits.hpp"

#include <algorithm>

namespace vsecm::store {

using base::errc;

std::string version_history::path_of(std::string_view stem, std::uint64_t version) const {
    return folder_.history + "/" + history_file(stem, version);
}

void version_history::note(std::string const& stem, std::uint64_t version) {
    auto& versions = index_.earlier[stem];
    auto const at = std::ranges::lower_bound(versions, version);
    if (at == versions.end() || *at != version) versions.insert(at, version);
}

void version_history::link(std::string const& current, std::string const& stem, std::uint64_t version) {
    if (limit_ == 0 || version == 0) return;
    auto const linked = folder_.files().link(folder_.data + "/" + current, path_of(stem, version));
    if (linked)
        note(stem, version);
    else if (linked.error().code != errc::conflict && linked.error().code != errc::not_found)
        base::log::warn("earlier_version_not_kept", {{"file", current}, {"reason", linked.error().what}});
}

base::status version_history::place(std::string const& file, std::string const& stem, std::uint64_t version) {
    VSECM_TRY_OK(folder_.files().rename(folder_.data + "/" + file, path_of(stem, version)));
    note(stem, version);
    return {};
}

void version_history::prune(std::string const& stem) {
    auto const found = index_.earlier.find(stem);
    if (found == index_.earlier.end()) return;
    auto& versions = found->second;
    while (versions.size() > limit_) {
        if (!folder_.remove_if_there(path_of(stem, versions.front()))) return;
        versions.erase(versions.begin());
    }
}

base::status version_history::erase(std::string const& stem) {
    auto const found = index_.earlier.find(stem);
    if (found == index_.earlier.end()) return {};
    for (auto const version : found->second) VSECM_TRY_OK(folder_.remove_if_there(path_of(stem, version)));
    index_.earlier.erase(found);
    return {};
}

std::vector<std::uint64_t> version_history::versions(std::string const& stem) const {
    auto const found = index_.earlier.find(stem);
    return found == index_.earlier.end() ? std::vector<std::uint64_t>{} : found->second;
}

base::result<base::secret_text> version_history::read(std::string const& stem, std::uint64_t version) const {
    auto const kept = versions(stem);
    if (!std::ranges::binary_search(kept, version)) return base::fail(errc::not_found, "version {} is not kept", version);
    auto sealed = folder_.files().read(path_of(stem, version), max_record_len);
    if (!sealed && sealed.error().code == errc::not_found) return base::fail(errc::not_found, "version {} is not kept", version);
    return sealed;
}

}  // namespace vsecm::store
