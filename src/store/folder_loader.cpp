#include "store/folder_loader.hpp"

#include "api/secret.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "store/file_name.hpp"
#include "store/limits.hpp"

#include <algorithm>
#include <format>
#include <set>
#include <thread>

namespace vsecm::store {

using base::errc;
using base::fail;

namespace {

// One file that may be a record, and what became of it.
struct candidate {
    std::string file;  // "foo.age"
    bool tombstone = false;
    bool unreadable = false;  // the disk, not the content
    opened_record record{};
    std::string failure{};

    std::string_view stem() const { return std::string_view(file).substr(0, file.size() - record_suffix.size()); }
    bool opened() const noexcept { return record.verdict == open_verdict::opened; }
    // What it calls itself; if it cannot be opened, what its file is called.
    std::string name() const {
        if (opened()) return record.secret->name;
        auto const decoded = decode_stem(stem());
        return decoded ? *decoded : std::string(stem());
    }
};

// Everything that claims one name.
struct claim {
    candidate* record = nullptr;
    candidate* tombstone = nullptr;
};

class loader {
public:
    loader(data_folder const& folder, record_opener const& opener, std::string const& key_id, work_pool& pool, version_history& history,
           folder_index& index)
        : folder_(folder), opener_(opener), key_id_(key_id), pool_(pool), history_(history), index_(index) {}

    base::result<loaded_records> run() {
        VSECM_TRY_OK(list_all());
        auto const width = std::max<std::size_t>(1, std::thread::hardware_concurrency());
        pool_.run(candidates_.size(), width, [this](std::size_t i) { open(candidates_[i]); });
        VSECM_TRY_OK(check_key());
        sort_out();
        free_stems();
        for (auto& [name, claim] : claims_) settle(name, claim);
        reserve_quarantined();
        remember_key();
        return std::move(out_);
    }

private:
    base::status list_all();
    void open(candidate& c) const;
    base::status check_key() const;
    void sort_out();
    void free_stems();
    bool free_stem(std::string const& name, candidate& newest);
    void settle(std::string const& name, claim const& c);
    void keep_record(std::string const& name, claim const& c);
    void keep_tombstone(std::string const& name, claim const& c);
    void keep_damaged(std::string const& name, claim const& c);
    void reserve_quarantined();
    void remember_key();
    bool quarantine(candidate const& c);
    void warn(std::string sentence) { out_.warnings.push_back(std::move(sentence)); }

    std::uint64_t newest_earlier(std::string const& name) const {
        auto const found = index_.earlier.find(api::encode_name(name));
        return found == index_.earlier.end() || found->second.empty() ? 0 : found->second.back();
    }

    data_folder const& folder_;
    record_opener const& opener_;
    std::string const& key_id_;
    work_pool& pool_;
    version_history& history_;
    folder_index& index_;
    std::vector<candidate> candidates_;
    std::unordered_map<std::string, claim> claims_;
    loaded_records out_;
};

base::status loader::list_all() {
    VSECM_TRY(data, folder_.files().list(folder_.data));
    for (auto& e : data) {
        if (e.kind == base::file_kind::folder) continue;
        if (auto const name = original_backup_of(e.name)) {
            index_.backups[std::string(*name)].push_back(e.name);
        } else if (e.kind == base::file_kind::regular && stem_of(e.name)) {
            candidates_.push_back({std::move(e.name)});
        } else if (!e.name.starts_with('.') && !e.name.ends_with(".age.backup")) {
            warn(std::format("{}/{} is not a record and was passed over", folder_.data, e.name));
        }
    }
    VSECM_TRY(tombstones, folder_.files().list(folder_.deleted));
    for (auto& e : tombstones) {
        if (e.kind != base::file_kind::regular || !stem_of(e.name)) continue;
        index_.tombstones.emplace(*stem_of(e.name));
        candidates_.push_back({std::move(e.name), true});
    }
    VSECM_TRY(earlier, folder_.files().list(folder_.history));
    for (auto const& e : earlier)
        if (auto const entry = parse_history_file(e.name)) index_.earlier[std::string(entry->stem)].push_back(entry->version);
    for (auto& [stem, versions] : index_.earlier) std::ranges::sort(versions);
    VSECM_TRY(quarantined, folder_.files().list(folder_.quarantine));
    for (auto& e : quarantined)
        if (auto const entry = parse_history_file(e.name)) index_.quarantined[std::string(entry->stem)].push_back(e.name);
    return {};
}

void loader::open(candidate& c) const {
    auto const sealed = folder_.files().read((c.tombstone ? folder_.deleted : folder_.data) + "/" + c.file, max_record_len);
    if (!sealed) {
        c.unreadable = sealed.error().code != errc::too_large;
        c.record.verdict = open_verdict::other_key;  // stays where it is
        c.failure = sealed.error().what;
        return;
    }
    // The original wrote names as they are; we encode them. A record names itself, so no file can pass for another.
    auto const decoded = decode_stem(c.stem());
    std::string_view const names[] = {decoded ? std::string_view(*decoded) : c.stem(), c.stem()};
    c.record = opener_.open(sealed->bytes(), names);
    bool const has_value = c.opened() && c.record.secret->state == secret_state::present;
    if (c.opened() && has_value == c.tombstone) c.record = {open_verdict::corrupt, nullptr};
}

base::status loader::check_key() const {
    std::size_t num_opened = 0, num_other = 0;
    candidate const* unreadable = nullptr;
    for (auto const& c : candidates_) {
        num_opened += c.opened();
        num_other += !c.opened() && c.record.verdict == open_verdict::other_key && !c.unreadable;
        if (c.unreadable) unreadable = &c;
    }
    if (num_opened > 0) return {};
    if (unreadable != nullptr) return fail(errc::storage, "the records cannot be read: {}", unreadable->failure);
    if (num_other == 0) return {};
    auto const known = folder_.known_key_id();
    return fail(errc::no_match, "{} records in {} and root key {} opens none of them; {}", num_other, folder_.data, key_id_,
                known.empty() ? "give the root key they were written with, or another data folder"
                              : std::format("they were written with root key {}: give that one", known));
}

// Who claims which name; between two files in the data folder itself, the newer record.
void loader::sort_out() {
    claims_.reserve(candidates_.size());
    for (auto& c : candidates_) {
        auto const name = c.name();
        auto& claim = claims_[name];
        if (c.tombstone) {
            claim.tombstone = &c;
            continue;
        }
        bool const canonical = api::encode_name(name) == c.stem();
        if (!canonical) index_.aliases[name].push_back(c.file);
        auto*& holder = claim.record;
        if (holder == nullptr) {
            holder = &c;
        } else if (holder->opened() && c.opened()) {
            if (is_newer(*c.record.secret, *holder->record.secret)) holder = &c;
        } else if (canonical) {
            holder = &c;  // opened or not: our own name for it counts
        }
    }
}

// The original's file of a secret "my%20app" is called as ours of a secret "my app" is, whose next write would replace it. So it
// gets our name for it now; if one of that name is newer, it goes. Our name may be what another of the original's is called
// ("my%2520app"), one that is longer, and so has made room by then; or it is in the way, and the shorter one waits for another start.
void loader::free_stems() {
    std::vector<std::string> names;
    for (auto const& [name, files] : index_.aliases)
        if (decode_stem(name)) names.push_back(name);
    std::ranges::sort(names, std::greater<>{}, &std::string::size);
    std::set<std::string> in_the_way;
    for (auto const& name : names) {
        auto& newest = *claims_.at(name).record;
        if (in_the_way.contains(api::encode_name(name)) || !newest.opened() || !free_stem(name, newest)) in_the_way.insert(name);
        else index_.aliases.erase(name);
    }
}

// There is one such file of a name: the one that is called by it. It is gone for good before another takes its place.
bool loader::free_stem(std::string const& name, candidate& newest) {
    auto const file = name + std::string(record_suffix);
    auto const ours = api::encode_name(name) + std::string(record_suffix);
    bool const is_newest = newest.file == file;
    auto const from = folder_.data + "/" + file;
    auto done = is_newest ? folder_.files().rename(from, folder_.data + "/" + ours) : folder_.remove_if_there(from);
    if (done && is_newest) newest.file = ours;
    if (done) done = folder_.files().sync_folder(folder_.data);
    if (!done) warn(done.error().what);
    return done.has_value();
}

void loader::settle(std::string const& name, claim const& c) {
    bool const has_record = c.record != nullptr && c.record->opened();
    bool const has_tombstone = c.tombstone != nullptr && c.tombstone->opened();
    if (c.record != nullptr && !has_record) return keep_damaged(name, c);
    if (!has_record && !has_tombstone) return keep_damaged(name, c);
    if (has_record && has_tombstone && is_newer(*c.tombstone->record.secret, *c.record->record.secret))
        return keep_tombstone(name, c);
    has_record ? keep_record(name, c) : keep_tombstone(name, c);
}

void loader::keep_record(std::string const& name, claim const& c) {
    auto& secret = c.record->record.secret;
    if (secret->version == 0) {
        auto const buried = c.tombstone != nullptr && c.tombstone->opened() ? c.tombstone->record.secret->version : 0;
        opener_.set_version(*secret, std::max(buried, newest_earlier(name)) + 1);
    }
    if (c.record->stem() != api::encode_name(name)) index_.current_aliases[name] = c.record->file;
    out_.secrets.push_back(std::move(secret));
}

// The removal that goes with it may have been cut short.
void loader::keep_tombstone(std::string const& name, claim const& c) {
    auto const stem = api::encode_name(name);
    bool const buries = c.tombstone->record.secret->state == secret_state::deleted && history_.limit() > 0;
    if (c.record != nullptr) {
        auto version = c.record->record.secret->version;
        if (version == 0) version = newest_earlier(name) + 1;  // as keep_record would have counted
        if (buries && version < c.tombstone->record.secret->version)
            if (auto buried = history_.place(c.record->file, stem, version); !buried) warn(buried.error().what);
        auto const is_left = [this](std::string const& file) {
            auto const gone = folder_.remove_if_there(folder_.data + "/" + file);
            if (!gone) warn(gone.error().what);
            return !gone;
        };
        (void)is_left(stem + std::string(record_suffix));
        // What stays is older than the tombstone, and goes with it at the latest.
        auto& aliases = index_.aliases[name];
        std::erase_if(aliases, [&](std::string const& file) { return !is_left(file); });
        if (aliases.empty()) index_.aliases.erase(name);
    }
    if (buries)
        history_.prune(stem);
    else if (auto gone = history_.erase(stem); !gone)
        warn(gone.error().what);
    out_.secrets.push_back(std::move(c.tombstone->record.secret));
}

void loader::keep_damaged(std::string const& name, claim const& c) {
    auto const& damaged = c.record != nullptr ? *c.record : *c.tombstone;
    auto version = newest_earlier(name);
    if (c.tombstone != nullptr && c.tombstone->opened()) version = std::max(version, c.tombstone->record.secret->version);
    auto const moved = damaged.record.verdict == open_verdict::corrupt && !damaged.tombstone && quarantine(damaged);
    auto const why = damaged.record.verdict == open_verdict::corrupt ? "is damaged"
                     : damaged.failure.empty()                      ? "does not open with this root key"
                                                                    : damaged.failure.c_str();
    warn(std::format("record {} {}{}: fetches of it are refused until it is written again or deleted", damaged.file, why,
                     moved ? " and was moved to quarantine/" : ""));
    out_.secrets.push_back(opener_.damaged(name, version));
}

// A second link first, so that at no moment the file has no name.
bool loader::quarantine(candidate const& c) {
    auto const stem = api::encode_name(c.name());
    auto& kept = index_.quarantined[stem];
    auto const from = folder_.data + "/" + c.file;
    for (std::uint64_t n = kept.size() + 1;; ++n) {
        auto name = history_file(stem, n);
        auto done = folder_.files().link(from, folder_.quarantine + "/" + name);
        if (!done && done.error().code == errc::conflict) continue;
        if (done) done = folder_.files().sync_folder(folder_.quarantine);
        if (done) done = folder_.files().remove(from);
        if (!done) {
            warn(done.error().what);
            return false;
        }
        kept.push_back(std::move(name));
        return true;
    }
}

// Names whose only trace is in quarantine stay reserved, over restarts too.
void loader::reserve_quarantined() {
    std::unordered_map<std::string_view, std::size_t> at;
    for (std::size_t i = 0; i < out_.secrets.size(); ++i) at.emplace(out_.secrets[i]->name, i);
    for (auto const& [stem, files] : index_.quarantined) {
        auto const name = decode_stem(stem);
        if (!name || files.empty()) continue;
        auto const found = at.find(*name);
        if (found == at.end())
            out_.secrets.push_back(opener_.damaged(*name, newest_earlier(*name)));
        else if (auto& there = out_.secrets[found->second]; there->state == secret_state::vacant)
            there = opener_.damaged(*name, there->version);
        else
            continue;
        if (std::ranges::none_of(out_.warnings, [&](std::string const& w) { return w.contains(stem); }))
            warn(std::format("record {} is in quarantine/: fetches of it are refused until it is written again or deleted", stem));
    }
}

void loader::remember_key() {
    if (key_id_.empty() || folder_.known_key_id() == key_id_) return;
    if (auto kept = folder_.remember_key_id(key_id_); !kept) warn(kept.error().what);
}

}  // namespace

base::result<loaded_records> load_folder(data_folder const& folder, record_opener const& opener, std::string const& key_id,
                                         work_pool& pool, version_history& history, folder_index& index) {
    return loader(folder, opener, key_id, pool, history, index).run();
}

}  // namespace vsecm::store
