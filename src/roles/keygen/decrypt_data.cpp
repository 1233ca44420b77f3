// A data folder with the server gone: newest records, the journal that a killed server left, and earlier versions.
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/try.hpp"
#include "roles/keygen/input.hpp"
#include "roles/keygen/item.hpp"
#include "store/file_name.hpp"
#include "store/journal_format.hpp"
#include "store/limits.hpp"
#include "store/record_format.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace vsecm::roles::keygen {

using namespace base;

namespace {

// Ciphertext, or the file it is in.
struct sealed_record {
    std::string path;
    std::optional<std::vector<std::uint8_t>> bytes{};
};

// All there is of one secret.
struct shelf {
    std::optional<sealed_record> newest;  // nothing: it is deleted
    std::map<std::uint64_t, sealed_record, std::greater<>> earlier;
};
using shelves = std::map<std::string, shelf>;  // by stem

// A checkpoint may have made a file of the journal's newest record already.
bool is_in_file(std::string const& path, std::vector<std::uint8_t> const& sealed) {
    auto const file = read_file(path, store::max_record_len);
    return file && std::ranges::equal(file->bytes(), sealed);
}

void take_journal(store::journal_content&& journal, shelves& found) {
    for (auto const& entry : journal.entries)
        if (auto& newest = found[entry.stem].newest; newest && is_in_file(newest->path, entry.sealed)) newest.reset();
    for (auto& entry : journal.entries) {
        auto& there = found[entry.stem];
        if (there.newest) there.earlier.insert_or_assign(entry.replaces, *std::move(there.newest));
        there.newest = {entry.stem + " in " + std::string(store::journal_file), std::move(entry.sealed)};
    }
}

result<shelves> collect(std::string const& folder) {
    // Before the list: a server that runs makes files of them and removes it.
    VSECM_TRY(journal, store::read_journal(posix_files(), folder));
    auto listed = posix_files().list(folder);
    if (!listed) return fail(errc::invalid, "{}", listed.error().what);
    shelves found;
    for (auto const& entry : *listed)
        if (auto const stem = store::stem_of(entry.name); entry.kind == file_kind::regular && stem)
            found[std::string(*stem)].newest = {folder + "/" + entry.name};
    auto const history = folder + "/history";
    auto const earlier = posix_files().list(history);
    if (!earlier && earlier.error().code != errc::not_found) return fail(errc::invalid, "{}", earlier.error().what);
    if (earlier)
        for (auto const& entry : *earlier)
            if (auto const one = store::parse_history_file(entry.name))
                found[std::string(one->stem)].earlier[one->version] = {history + "/" + entry.name};
    if (journal.num_damaged > 0) complain(store::journal_file, "a part of it is damaged");
    take_journal(std::move(journal), found);
    return found;
}

result<store::plain_record> open_record(decryption const& how, std::string const& stem, sealed_record const& sealed) {
    secret_text read;
    if (!sealed.bytes) {
        VSECM_TRY(bytes, read_file(sealed.path, store::max_record_len));
        read = std::move(bytes);
    }
    VSECM_TRY(plain, open_store_file(how, stem + std::string(store::record_suffix), sealed.bytes ? byte_view(*sealed.bytes) : read.bytes()));
    VSECM_TRY(record, store::decode_record(std::move(plain)));
    if (record.name != stem && record.name != store::decode_stem(stem))
        return fail(errc::corrupt, "the record in it is that of another secret, {}", printable(record.name));
    return record;
}

// Prints one record; false if it does not open, which is told. `version`: as its file or the record says.
result<bool> show_record(decryption const& how, std::string const& stem, sealed_record const& sealed, std::uint64_t version) {
    auto const record = open_record(how, stem, sealed);
    if (!record) {
        complain(sealed.path.substr(sealed.path.rfind('/') + 1), record.error().what);
        return false;
    }
    if (record->state != store::secret_state::present) return true;
    if (version == 0) version = record->version;
    VSECM_TRY_OK(show(how, {record->name, record->values, record->created, record->updated, how.history ? version : 0}));
    return true;
}

}  // namespace

result<std::size_t> decrypt_data(decryption const& how, std::string const& path) {
    VSECM_TRY(found, collect(path));
    if (!how.history) std::erase_if(found, [](auto const& one) { return !one.second.newest; });
    if (found.empty()) return fail(errc::invalid, "{} has no store files: is it a data folder?", path);
    if (how.only.empty()) VSECM_TRY_OK(how.out(as_bytes("---\n")));
    std::size_t num_failed = 0;
    bool any = false;
    for (auto const& [stem, all] : found) {
        if (!how.only.empty() && how.only != stem && how.only != store::decode_stem(stem)) continue;
        any = true;
        if (all.newest) {
            VSECM_TRY(good, show_record(how, stem, *all.newest, 0));
            num_failed += !good;
        }
        if (!how.history) continue;
        for (auto const& [version, sealed] : all.earlier) {
            VSECM_TRY(good, show_record(how, stem, sealed, version));
            num_failed += !good;
        }
    }
    if (!any && !how.only.empty()) return not_there(how);
    return num_failed;
}

}  // namespace vsecm::roles::keygen
