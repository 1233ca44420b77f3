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

// The part of a file's name that stands for the secret; nothing if it is no ciphertext of a record.
std::optional<std::string_view> owner_of(std::string_view file) {
    if (auto const backup = original_backup_of(file)) return backup;
    if (auto const earlier = parse_history_file(file)) return earlier->stem;
    return stem_of(file);
}

bool holds_ciphertext(base::folder_entry const& e) { return e.kind == base::file_kind::regular && !e.name.starts_with('.') && owner_of(e.name); }

}  // namespace

base::status folder_renewal::begin() {
    // In this order: what a write moves meanwhile goes from the data folder to history/, and was renewed by then.
    parts_ = {{&folder_.data, ""}, {&folder_.deleted, "deleted/"}, {&folder_.history, "history/"}, {&folder_.quarantine, "quarantine/"}};
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
        if (holds_ciphertext(e)) names.push_back(std::move(e.name));
    return names;
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
    while (part_ < parts_.size() && next_ == files_.size()) VSECM_TRY_OK(enter(part_ + 1));
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
        else step.unopened.push_back(std::format("{} {}", name, one.verdict == open_verdict::corrupt ? "is damaged" : "opens with no key that is known here"));
    }
    step.num_ahead = files_.size() - next_ + num_later_;
    return step;
}

void folder_renewal::look_at(item& one, record_opener const& opener) {
    auto const sealed = folder_.files().read(*parts_[part_].folder + "/" + one.file, max_record_len);
    if (!sealed) {
        one.gone = sealed.error().code == errc::not_found;  // written over or removed since it was listed
        if (!one.gone && sealed.error().code != errc::too_large) one.read = std::unexpected(sealed.error());
        return;
    }
    auto const stem = *owner_of(one.file);
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
    bool any = false;
    for (auto& one : few) {
        if (one.aside.empty()) continue;
        VSECM_TRY_OK(folder_.files().rename(folder_.data + "/" + one.aside, *parts_[part_].folder + "/" + one.file));
        one.aside.clear();
        any = true;
    }
    return any ? folder_.files().sync_folder(*parts_[part_].folder) : base::status{};
}

// What cannot be removed now goes at the next start.
void folder_renewal::drop(std::deque<item>& few) {
    for (auto const& one : few)
        if (!one.aside.empty())
            if (auto gone = folder_.remove_if_there(folder_.data + "/" + one.aside); !gone) base::log::warn("renewal_tidy_failed", {{"reason", gone.error().what}});
}

}  // namespace vsecm::store
