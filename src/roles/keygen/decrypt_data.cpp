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

// Of one secret, oldest first.
using left_entries = std::vector<store::journal_entry>;

// Whose is the newest record: the same answer as the store finds at its start. A checkpoint may have made a file of the
// journal's already; and the original, which knows no journal, may have written or removed the file since.
enum class origin { journal_over_file, journal_also_as_file, changed_since };
origin origin_of_newest(decryption const& how, std::string const& stem, shelf const& there, left_entries const& left, bool is_whole) {
    if (!there.newest) return is_whole && left.front().replaces != 0 ? origin::changed_since : origin::journal_over_file;
    auto const file = read_file(there.newest->path, store::max_record_len);
    if (file && std::ranges::any_of(left, [&](auto const& entry) { return std::ranges::equal(file->bytes(), entry.sealed); }))
        return origin::journal_also_as_file;
    auto const theirs = open_record(how, stem, *there.newest);
    auto const ours = open_record(how, stem, {{}, left.back().sealed});
    return theirs && ours && store::is_newer(*theirs, *ours) ? origin::changed_since : origin::journal_over_file;
}

void take_journal(decryption const& how, store::journal_content&& journal, shelves& found) {
    std::map<std::string, left_entries> by_stem;
    for (auto& entry : journal.entries) by_stem[entry.stem].push_back(std::move(entry));
    for (auto& [stem, left] : by_stem) {
        auto& there = found[stem];
        auto const whose = origin_of_newest(how, stem, there, left, journal.num_damaged == 0);
        auto const take = [&](store::journal_entry& entry) {
            return sealed_record{stem + " in " + std::string(store::journal_file), std::move(entry.sealed)};
        };
        if (whose != origin::changed_since) {
            if (there.newest && whose == origin::journal_over_file)
                there.earlier.insert_or_assign(left.front().replaces, *std::move(there.newest));
            there.newest = take(left.back());
            left.pop_back();
        }
        for (auto& entry : left) there.earlier.insert_or_assign(entry.version, take(entry));
    }
}

// `num_failed`: what was in a part of the journal that cannot be read, nobody knows.
result<shelves> collect(decryption const& how, std::string const& folder, std::size_t& num_failed) {
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
    if (journal.num_damaged > 0) {
        complain(store::journal_file, "a part of it is damaged");
        ++num_failed;
    }
    take_journal(how, std::move(journal), found);
    return found;
}

// Whether that is of the secret asked for. "my%20app" is how we call the file of a secret "my app", and the original that of a
// secret of that very name: what is in it decides.
bool is_asked_for(decryption const& how, std::string const& stem, shelf const& all) {
    auto const decoded = store::decode_stem(stem);
    if (how.only.empty() || (decoded == stem && how.only == stem)) return true;
    if (how.only != stem && how.only != decoded) return false;
    if (!decoded || !all.newest) return true;
    auto const record = open_record(how, stem, *all.newest);
    return !record || record->name == how.only;
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
    std::size_t num_failed = 0;
    VSECM_TRY(found, collect(how, path, num_failed));
    if (!how.history) std::erase_if(found, [](auto const& one) { return !one.second.newest; });
    if (found.empty()) return fail(errc::invalid, "{} has no store files: is it a data folder?", path);
    if (how.only.empty()) VSECM_TRY_OK(how.out(as_bytes("---\n")));
    bool any = false;
    for (auto const& [stem, all] : found) {
        if (!is_asked_for(how, stem, all)) continue;
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
