#include "roles/safe/root_key_file.hpp"

#include "base/log.hpp"
#include "base/try.hpp"

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

constexpr std::size_t max_key_file_len = 64 * 1024;

// Any file that could be a record counts, the original's backups too.
base::result<bool> has_records(base::file_layer& files, std::string const& folder) {
    auto entries = files.list(folder);
    if (!entries) {
        if (entries.error().code == errc::not_found) return false;
        return pass(std::move(entries), "looking for stored secrets");
    }
    for (auto const& entry : *entries)
        if (entry.kind == base::file_kind::regular && (entry.name.ends_with(".age") || entry.name.ends_with(".age.backup"))) return true;
    return false;
}

bool is_placeholder(std::string_view text) {
    auto const first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return true;
    auto const last = text.find_last_not_of(" \t\r\n");
    return text.substr(first, last - first + 1) == "{}";
}

}  // namespace

base::result<crypto::root_key> load_or_make_root_key(base::file_layer& files, std::string const& path, std::string const& data_path) {
    auto text = base::read_file(path, max_key_file_len);
    if (!text && text.error().code != errc::not_found) return pass(std::move(text), "root key");
    if (text && !is_placeholder(text->view())) {
        auto key = crypto::root_key::parse(text->view());
        if (!key) return pass(std::move(key), "root key " + path);
        return key;
    }
    VSECM_TRY(data_present, has_records(files, data_path));
    if (data_present)
        return fail(errc::conflict,
                    "there is no root key at {}, but {} holds stored secrets. Put their root key there (VSECM_ROOT_KEY_PATH); "
                    "a new key would open none of them",
                    path, data_path);
    auto key = crypto::root_key::generate();
    if (auto const slash = path.rfind('/'); slash != std::string::npos && slash != 0) VSECM_TRY_OK(files.make_folder(path.substr(0, slash), 0700));
    auto const printed = key.print();
    if (auto written = base::replace_file(files, path, printed.bytes(), 0600); !written) return pass(std::move(written), "storing the new root key");
    base::log::warn("root_key_made", {{"path", path}, {"id", key.id()}, {"what", "keep a copy of this file: without it no backup can be opened"}});
    return key;
}

}  // namespace vsecm::roles::safe
