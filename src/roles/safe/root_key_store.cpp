#include "roles/safe/root_key_store.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "store/journal_format.hpp"

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

bool is_record(std::string_view file) noexcept { return file.ends_with(".age") || file.ends_with(".age.backup") || file == store::journal_file; }

// Any file that could be a record counts: the original's backups, what is left of deleted secrets, a crowd's journal.
base::result<bool> has_records(base::file_layer& files, std::string const& folder) {
    for (auto const* part : {"", "/deleted", "/history", "/quarantine"}) {
        auto entries = files.list(folder + part);
        if (!entries) {
            if (entries.error().code == errc::not_found) continue;
            return pass(std::move(entries), "looking for stored secrets");
        }
        for (auto const& entry : *entries)
            if (entry.kind == base::file_kind::regular && is_record(entry.name)) return true;
    }
    return false;
}

}  // namespace

bool is_no_key_yet(std::string_view text) noexcept {
    auto const first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return true;
    auto const last = text.find_last_not_of(" \t\r\n");
    return text.substr(first, last - first + 1) == "{}";
}

bool same_key(crypto::root_key const& a, crypto::root_key const& b) {
    auto const left = a.print(), right = b.print();
    return base::equal_constant_time(left.bytes(), right.bytes());
}

net::awaitable<base::result<crypto::root_key>> load_or_make_root_key(root_key_store& keys, base::file_layer& files, std::string const& data_path) {
    VSECM_CO_TRY(there, co_await keys.load());
    if (there) co_return *std::move(there);
    VSECM_CO_TRY(data_present, has_records(files, data_path));
    if (data_present)
        co_return fail(errc::conflict,
                       "there is no root key in {}, but {} holds stored secrets. Put their root key there; a new key would open none of them",
                       keys.describe(), data_path);
    auto key = crypto::root_key::generate();
    auto made = co_await keys.create(key);
    if (!made && made.error().code == errc::conflict) {
        VSECM_CO_TRY(first, co_await keys.load());
        if (first) co_return *std::move(first);
    }
    if (!made) co_return pass(std::move(made), "storing the new root key");
    base::log::warn("root_key_made", {{"where", keys.describe()}, {"id", key.id()}, {"what", "keep a copy of it: without it no backup can be opened"}});
    co_return key;
}

}  // namespace vsecm::roles::safe
