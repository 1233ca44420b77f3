#include "store/batch_writer.hpp"

#include "api/secret.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "store/file_name.hpp"

#include <algorithm>
#include <format>
#include <ranges>

namespace vsecm::store {

using base::errc;
namespace log = base::log;

namespace {

constexpr ::mode_t file_mode = 0600;

std::string record_file(std::string_view stem) { return std::string(stem) + std::string(record_suffix); }

}  // namespace

auto batch_writer::alive_steps() {
    return steps_ | std::views::filter([](step const& s) { return s.alive(); });
}

void batch_writer::apply(std::span<write_group> groups, bool settling) {
    prune_history();
    settling_ = settling;
    history_changed_ = false;
    steps_.clear();
    manifest_.clear();
    for (auto& group : groups)
        for (auto const& write : group.writes)
            steps_.push_back({&group, &write, write.state != secret_state::present, api::encode_name(write.name), {}});
    if (steps_.empty()) return;
    if (is_crowd() && share_journal()) return;
    // The journal's records are older than these: they become files first.
    if (auto done = journal_.checkpoint(); !done) {
        for (auto& group : groups)
            if (!group.writes.empty()) give_up(group, done.error(), false);
        return;
    }

    // 1. Everything new is on stable storage under temporary names. Up to here a failure leaves no trace.
    pool_.run(steps_.size(), [this](std::size_t i) { write_aside(steps_[i]); });
    for (auto& s : steps_)
        if (!s.written) give_up(*s.group, std::move(s.written).error(), false);
    // 2. What must change as one is decided.
    write_manifest();
    drop_superseded();
    keep_damaged();
    // 3. Deletions first: a tombstone without its record's removal is a deletion, the reverse would be a loss.
    place_tombstones();
    place_records();
    sync_history();
    seal_folder();
    tidy_up();
}

base::status batch_writer::recover(record_opener const& opener) {
    VSECM_TRY_OK(recover_batches(folder_));
    VSECM_TRY_OK(journal_.recover(opener));
    index_ = {};  // the loader fills it from what is there now
    return {};
}

base::result<std::chrono::nanoseconds> batch_writer::tend(bool all) {
    prune_history();
    if (!journal_.empty() && (all || journal_.until_due() <= std::chrono::nanoseconds::zero())) VSECM_TRY_OK(journal_.checkpoint());
    return journal_.until_due();
}

// Many plain writes at once, or any after them until the journal is gone; what deletes, replaces or amends files goes the long
// way: in the journal a version is there once.
bool batch_writer::is_crowd() const {
    if (settling_ || options_.crowd == 0 || (journal_.empty() && steps_.size() < options_.crowd)) return false;
    return std::ranges::none_of(steps_, [this](step const& s) {
        return s.tombstone || s.write->replaces_damaged || s.write->amends || index_.aliases.contains(s.write->name);
    });
}

// False if it is too much for one journal: nothing has happened then.
bool batch_writer::share_journal() {
    if (journal_.full()) return false;
    // A few at a time: no more is in memory than fits, but for one slice.
    constexpr std::size_t slice = 16;
    std::size_t len = 0;
    for (std::size_t done = 0; done < steps_.size(); done += slice) {
        auto const n = std::min(slice, steps_.size() - done);
        pool_.run(n, std::max(1U, std::thread::hardware_concurrency()), [&](std::size_t i) { seal(steps_[done + i]); });
        for (std::size_t i = 0; i < n; ++i) len += steps_[done + i].sealed.size();
        if (len > max_block_len) return false;
    }
    for (auto& s : steps_)
        if (!s.written) give_up(*s.group, std::move(s.written).error(), false);
    std::vector<journal_entry> entries;
    entries.reserve(steps_.size());
    for (auto& s : alive_steps()) entries.push_back({s.stem, s.write->version, s.write->replaces, std::move(s.sealed)});
    if (entries.empty()) return true;
    if (auto done = journal_.append(std::move(entries)); !done)
        for (auto& s : steps_)
            if (s.alive()) give_up(*s.group, done.error(), journal_.in_doubt());
    return true;
}

void batch_writer::seal(step& s) {
    if (auto bytes = s.write->seal())
        s.sealed = *std::move(bytes);
    else
        s.written = std::unexpected(std::move(bytes).error());
}

void batch_writer::write_aside(step& s) {
    if (s.sealed.empty() && s.written) seal(s);
    if (!s.written) return;
    auto const bytes = std::move(s.sealed);
    if (s.in_manifest(settling_)) s.content = crypto::sha256(bytes);
    // A failed sync is final for its descriptor, whatever a second sync says: so the second try is a new file.
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto name = std::format("{}{}", temporary_prefix, serial_++);
        s.written = folder_.files().write_new_synced(place(s) + "/" + name, bytes, file_mode);
        if (s.written) {
            s.aside = std::move(name);
            return;
        }
    }
}

void batch_writer::write_manifest() {
    batch_manifest manifest{settling_, {}};
    bool tombstones = false;
    for (auto const& s : alive_steps()) {
        if (!s.in_manifest(settling_)) continue;
        manifest.renames.push_back({s.tombstone, s.aside, record_file(s.stem), s.content});
        tombstones = tombstones || s.tombstone;
    }
    if (manifest.renames.empty()) return;
    manifest_ = folder_.data + "/" + manifest_file(serial_++);
    auto decided = folder_.files().write_new_synced(manifest_, base::as_bytes(print_manifest(manifest)), file_mode);
    if (decided && tombstones) decided = folder_.files().sync_folder(folder_.deleted);
    if (decided) decided = folder_.files().sync_folder(folder_.data);
    if (decided) return;
    // Perhaps it is on the disk all the same: then a restart carries it out.
    for (auto& s : steps_)
        if (s.alive() && s.in_manifest(settling_)) give_up(*s.group, decided.error(), true);
}

// The leftovers of failed batches go only now that a manifest stands which covers the same names and comes after theirs.
// If it does not stand, they are all that keeps an unfinished change from being seen in part after a crash.
void batch_writer::drop_superseded() {
    if (!settling_ || std::ranges::empty(alive_steps())) return;
    for (auto const& path : leftovers_) {
        auto gone = folder_.remove_if_there(path);
        if (gone) continue;
        for (auto& s : steps_)
            if (s.alive()) give_up(*s.group, gone.error(), true);
        return;
    }
    // Forgotten only after seal_folder, see tidy_up: until then their removal may be undone by a crash.
}

// A file nobody could open is about to be replaced by an operator: it is kept for people.
void batch_writer::keep_damaged() {
    bool any = false;
    auto keep = [&](step& s, std::string const& file) -> base::status {
        auto& kept = index_.quarantined[s.stem];
        for (std::uint64_t n = kept.size() + 1;; ++n) {
            auto name = history_file(s.stem, n);
            auto linked = folder_.files().link(folder_.data + "/" + file, folder_.quarantine + "/" + name);
            if (!linked && linked.error().code == errc::conflict) continue;
            if (!linked && linked.error().code == errc::not_found) return {};  // in quarantine since it was found
            if (linked) kept.push_back(std::move(name));
            any = any || linked.has_value();
            return linked;
        }
    };
    for (auto& s : steps_) {
        if (!s.alive() || !s.write->replaces_damaged || s.write->state == secret_state::deleted) continue;
        auto kept = keep(s, record_file(s.stem));
        if (auto const alias = index_.aliases.find(s.write->name); kept && alias != index_.aliases.end())
            for (auto const& file : alias->second)
                if (kept) kept = keep(s, file);
        if (!kept) give_up(*s.group, std::move(kept).error(), s.in_manifest(settling_));
    }
    if (!any) return;
    if (auto synced = folder_.files().sync_folder(folder_.quarantine); !synced)
        for (auto& s : steps_)
            if (s.alive() && s.write->replaces_damaged) give_up(*s.group, synced.error(), s.in_manifest(settling_));
}

void batch_writer::place_tombstones() {
    bool any = false;
    for (auto& s : steps_) {
        if (!s.alive() || !s.tombstone) continue;
        index_.tombstones.insert(s.stem);
        auto placed = folder_.files().rename(folder_.deleted + "/" + s.aside, folder_.deleted + "/" + record_file(s.stem));
        if (!placed) {
            give_up(*s.group, std::move(placed).error(), true);
            continue;
        }
        s.aside.clear();
        any = true;
    }
    if (!any) return;
    if (auto synced = folder_.files().sync_folder(folder_.deleted); !synced)
        for (auto& s : steps_)
            if (s.alive() && s.tombstone) give_up(*s.group, synced.error(), true);
}

void batch_writer::place_records() {
    for (auto& s : steps_) {
        if (!s.alive()) continue;
        auto placed = s.tombstone ? erase_record(s) : place_record(s);
        if (!placed) give_up(*s.group, std::move(placed).error(), true);
    }
}

// Until we write a name for the first time, its record may be the original's file; one that is left beside ours is older.
std::string batch_writer::current_file(step const& s) const {
    auto const original = index_.current_aliases.find(s.write->name);
    return original == index_.current_aliases.end() ? record_file(s.stem) : original->second;
}

base::status batch_writer::place_record(step& s) {
    if (!settling_) history_.link(current_file(s), s.stem, s.write->replaces);
    VSECM_TRY_OK(folder_.files().rename(folder_.data + "/" + s.aside, folder_.data + "/" + record_file(s.stem)));
    s.aside.clear();
    return {};
}

// The original's copies go in any case (Q42). What was there becomes an earlier version, so that the removal can be undone;
// not if it only makes room (vacant), and nothing is kept of what could not be opened.
base::status batch_writer::erase_record(step& s) {
    auto const& name = s.write->name;
    bool const buries = s.write->state == secret_state::deleted && !s.write->replaces_damaged && history_.limit() > 0;
    if (buries) VSECM_TRY_OK(bury_record(s));
    VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + record_file(s.stem)));
    for (auto* originals : {&index_.aliases, &index_.backups}) {
        auto const found = originals->find(name);
        if (found == originals->end()) continue;
        for (auto const& file : found->second) VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + file));
        originals->erase(found);
    }
    index_.current_aliases.erase(name);
    if (buries || (s.write->replaces_damaged && s.write->state == secret_state::vacant)) return {};  // memory still says damaged
    history_changed_ = history_changed_ || history_.has(s.stem);
    VSECM_TRY_OK(history_.erase(s.stem));
    if (auto const found = index_.quarantined.find(s.stem); found != index_.quarantined.end()) {
        for (auto const& file : found->second) VSECM_TRY_OK(folder_.remove_if_there(folder_.quarantine + "/" + file));
        index_.quarantined.erase(found);
        VSECM_TRY_OK(folder_.files().sync_folder(folder_.quarantine));
    }
    return {};
}

// A repair (`replaces` is 0) does not know which version a file that is there would be.
base::status batch_writer::bury_record(step& s) {
    if (s.write->replaces == 0) return {};
    auto buried = history_.place(current_file(s), s.stem, s.write->replaces);
    if (!buried && buried.error().code == errc::not_found) return {};
    history_changed_ = true;
    return buried;
}

// Before the data folder is: what leaves that one must have arrived here.
void batch_writer::sync_history() {
    if (!history_changed_) return;
    if (auto synced = folder_.files().sync_folder(folder_.history); !synced)
        for (auto& s : steps_)
            if (s.alive() && s.tombstone) give_up(*s.group, synced.error(), true);
}

void batch_writer::seal_folder() {
    if (std::ranges::empty(alive_steps())) return;
    if (auto synced = folder_.files().sync_folder(folder_.data); !synced)
        for (auto& s : steps_)
            if (s.alive()) give_up(*s.group, synced.error(), true);
}

// Nothing here matters for what a restart shows, so failures are only left for the next start to clean.
void batch_writer::tidy_up() {
    auto const try_remove = [this](std::string const& path) {
        if (auto gone = folder_.remove_if_there(path); !gone) log::warn("store_tidy_failed", {{"reason", gone.error().what}});
    };
    bool const failed_half_way = std::ranges::any_of(steps_, [](step const& s) { return !s.alive() && s.group->uncertain; });
    for (auto& s : steps_) {
        if (!s.alive()) {
            if (s.aside.empty()) continue;
            auto const path = place(s) + "/" + s.aside;
            if (s.group->uncertain)
                leftovers_.push_back(path);  // a manifest may still need it, until a later one stands
            else
                try_remove(path);
            continue;
        }
        to_prune_.push_back(s.stem);
        if (s.tombstone) continue;
        index_.current_aliases.erase(s.write->name);
        if (index_.tombstones.erase(s.stem) > 0) try_remove(folder_.deleted + "/" + record_file(s.stem));
        if (auto const alias = index_.aliases.find(s.write->name); alias != index_.aliases.end()) {
            for (auto const& file : alias->second) try_remove(folder_.data + "/" + file);
            index_.aliases.erase(alias);
        }
    }
    if (settling_ && std::ranges::all_of(steps_, &step::alive)) leftovers_.clear();
    if (manifest_.empty()) return;
    if (failed_half_way)
        leftovers_.push_back(manifest_);
    else
        try_remove(manifest_);
}

// Once the batch is answered: nobody waits for a file to be unlinked.
void batch_writer::prune_history() {
    for (auto const& stem : to_prune_) history_.prune(stem);
    to_prune_.clear();
}

base::result<std::vector<std::uint64_t>> batch_writer::earlier_versions(std::string const& name) {
    prune_history();
    VSECM_TRY_OK(journal_.checkpoint());
    return history_.versions(api::encode_name(name));
}

base::result<base::secret_text> batch_writer::read_earlier(std::string const& name, std::uint64_t version) {
    prune_history();
    VSECM_TRY_OK(journal_.checkpoint());
    return history_.read(api::encode_name(name), version);
}

// History goes first, and records that a start found beside their tombstones, and perhaps could not remove, are gone for good
// before these are.
base::status batch_writer::forget(std::span<std::string const> names) {
    VSECM_TRY_OK(journal_.checkpoint());
    for (auto const& name : names) VSECM_TRY_OK(history_.erase(api::encode_name(name)));
    VSECM_TRY_OK(folder_.files().sync_folder(folder_.history));
    for (auto const& name : names) {
        VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + record_file(api::encode_name(name))));
        auto const left = index_.aliases.find(name);
        if (left == index_.aliases.end()) continue;
        for (auto const& file : left->second) VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + file));
        index_.aliases.erase(left);
    }
    VSECM_TRY_OK(folder_.files().sync_folder(folder_.data));
    for (auto const& name : names) {
        auto const stem = api::encode_name(name);
        VSECM_TRY_OK(folder_.remove_if_there(folder_.deleted + "/" + record_file(stem)));
        index_.tombstones.erase(stem);
    }
    return folder_.files().sync_folder(folder_.deleted);
}

void batch_writer::give_up(write_group& group, base::error why, bool uncertain) {
    if (group.outcome) {
        why.code = errc::storage;
        group.outcome = std::unexpected(std::move(why));
    }
    group.uncertain = group.uncertain || uncertain;
}

}  // namespace vsecm::store
