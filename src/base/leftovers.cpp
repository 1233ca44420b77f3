#include "base/leftovers.hpp"

namespace vsecm::base {

void remove_leftovers(file_layer& files, std::string const& path) {
    auto const name_at = path.rfind('/') + 1;  // of a path without a slash 0
    auto const folder = name_at == 0 ? std::string("./") : path.substr(0, name_at);
    auto const beginning = "." + path.substr(name_at) + ".tmp-";
    auto const entries = files.list(folder);
    if (!entries) return;
    for (auto const& entry : *entries)
        if (entry.kind == file_kind::regular && entry.name.starts_with(beginning)) static_cast<void>(files.remove(folder + entry.name));
}

}  // namespace vsecm::base
