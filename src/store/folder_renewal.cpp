#include "store/folder_renewal.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "store/file_name.hpp"
#include "store/limits.hpp"

#include <algorithm>
#include <format>

namespace vsecm::store {

using base::errc;

namespace {

constexpr ::mode_t file_mode = 0600;
// A write waits for one of these at most: some 20 ms on a disk that syncs in 5.
constexpr std::size_t at_a_time = 16;

// The part of a file's name that stands for the secret; nothing if it is no ciphertext of a record. Where files are not `numbered`,
// "redis.7.age" belongs to the secret redis.7.
std::optional<std::string_view> owner_of(std::string_view file, bool numbered) {
    if (auto const backup = original_backup_of(file)) return backup;
    if (auto const entry = parse_history_file(file); entry && numbered) return entry->stem;
    return stem_of(file);
}

}  // namespace

base::status folder_renewal::begin() {
    // In this order: what a write moves meanwhile goes from the data folder to history/, and was renewed by then.
    parts_ = {{&folder_.data, "", false}, {&folder_.deleted, "deleted/", false}, {&folder_.history, "history/", true}, {&folder_.quarantine, "quarantine/", true}};
    num_later_ = 0;
    for (std::size_t i = 1; i < parts_.size(); ++i) {
        VSECM_TRY(found, list(parts_[i]));
        num_later_ += found.size();
    }
    return enter(0);
}

base::result<std::vector<std::string>> folder_renewal::list(part const& p) const {
    VSECM_TRY(entries, folder_.files().list(*p.folder));
    std::vector<std::string> names;
    for (auto& e : entries)
        if (e.kind == base::file_kind::regular && (owner_of(e.name, p.numbered) || is_kept_journal(p, e.name)))
            names.push_back(std::move(e.name));
    return names;
}

bool folder_renewal::is_kept_journal(part const& p, std::string_view file) const {
    return p.folder == &folder_.quarantine && file.starts_with(kept_journal_prefix);
}

// What was renamed here, be it by a process that was killed before it synced, is still so after a power cut.
base::status folder_renewal::leave() {
    VSECM_TRY_OK(folder_.files().sync_folder(*parts_[part_].folder));
    return enter(part_ + 1);
}

base::status folder_renewal::enter(std::size_t number) {
    std::vector<std::string> found;
    if (number < parts_.size()) {
        VSECM_TRY(names, list(parts_[number]));
        found = std::move(names);
        if (number > 0) num_later_ -= std::min(num_later_, found.size());
    }
    files_ = std::move(found);
    part_ = number;
    next_ = 0;
    return {};
}

base::result<renewal_step> folder_renewal::go_on(record_opener const& opener) {
    while (part_ < parts_.size() && next_ == files_.size()) VSECM_TRY_OK(leave());
    renewal_step step;
    step.at_end = part_ >= parts_.size();
    if (step.at_end) return step;
    std::deque<item> few;
    auto const end = std::min(next_ + at_a_time, files_.size());
    for (auto i = next_; i < end; ++i) few.push_back({files_[i]});
    pool_.run(few.size(), [&](std::size_t i) { look_at(few[i], opener); });
    if (auto placed = place(few); !placed) {
        drop(few);
        return std::unexpected(std::move(placed).error());
    }
    next_ = end;
    for (auto const& one : few) {
        auto const name = parts_[part_].label + one.file;
        step.num_seen += !one.gone;
        step.num_renewed += one.renewed;
        if (!one.read) step.unread.push_back(std::format("{}: {}", name, one.read.error().what));
        else if (one.gone || one.verdict == open_verdict::opened) continue;
        else if (is_kept_journal(parts_[part_], one.file)) step.unopened.push_back(name + " is what was left of a damaged journal: it stays under the key that it was written with");
        else step.unopened.push_back(std::format("{} {}", name, one.verdict == open_verdict::corrupt ? "is damaged" : "opens with no key that is known here"));
    }
    step.num_ahead = files_.size() - next_ + num_later_;
    return step;
}

void folder_renewal::look_at(item& one, record_opener const& opener) {
    if (is_kept_journal(parts_[part_], one.file)) return;
    auto const sealed = folder_.files().read(*parts_[part_].folder + "/" + one.file, max_record_len);
    if (!sealed) {
        one.gone = sealed.error().code == errc::not_found;  // written over or removed since it was listed
        if (!one.gone && sealed.error().code != errc::too_large) one.read = std::unexpected(sealed.error());
        return;
    }
    auto const stem = *owner_of(one.file, parts_[part_].numbered);
    auto const decoded = decode_stem(stem);
    std::string_view const names[] = {decoded ? std::string_view(*decoded) : stem, stem};
    auto renewed = opener.renew(sealed->bytes(), names);
    one.verdict = renewed.verdict;
    one.renewed = renewed.sealed.has_value();
    if (!one.renewed) return;
    one.aside = std::format("{}r{}", temporary_prefix, serial_++);
    one.written = folder_.files().write_new_synced(folder_.data + "/" + one.aside, *renewed.sealed, file_mode);
}

// All are on stable storage under other names before the first takes its place.
base::status folder_renewal::place(std::deque<item>& few) {
    for (auto& one : few) VSECM_TRY_OK(std::move(one.written));
    for (auto& one : few) {
        if (one.aside.empty()) continue;
        VSECM_TRY_OK(folder_.files().rename(folder_.data + "/" + one.aside, *parts_[part_].folder + "/" + one.file));
        one.aside.clear();
    }
    return {};
}

// What cannot be removed now goes at the next start.
void folder_renewal::drop(std::deque<item>& few) {
    for (auto const& one : few)
        if (!one.aside.empty())
            if (auto gone = folder_.remove_if_there(folder_.data + "/" + one.aside); !gone) base::log::warn("renewal_tidy_failed", {{"reason", gone.error().what}});
}

}  // namespace vsecm::store
