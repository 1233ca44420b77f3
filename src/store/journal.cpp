#include "store/journal.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "store/file_name.hpp"
#include "store/limits.hpp"

#include <algorithm>
#include <format>

namespace vsecm::store {

namespace log = base::log;
using std::chrono::steady_clock;

namespace {

constexpr ::mode_t file_mode = 0600;
// A checkpoint is due when a record has waited this long, or this much has gathered: it holds up the writer for some tens of
// milliseconds, and a hot name costs one file in each.
constexpr std::chrono::milliseconds longest_wait{1000};
constexpr std::size_t enough_names = 1024;
constexpr std::size_t enough_len = max_block_len;
// While checkpoints fail.
constexpr std::chrono::milliseconds retry_after{1000};
constexpr std::size_t most_names = 8 * enough_names;

std::string record_path(data_folder const& folder, std::string const& stem) {
    return folder.data + "/" + stem + std::string(record_suffix);
}

}  // namespace

// --- taking in ---------------------------------------------------------------------------------------------------------
base::status journal::append(std::vector<journal_entry> entries) {
    auto const path = folder_.data + "/" + std::string(journal_file);
    auto const block = print_block(entries);
    bool const first = !exists_;
    exists_ = true;
    auto done = first ? folder_.files().write_new_synced(path, block, file_mode) : folder_.files().append_synced(path, block);
    if (done && first) done = folder_.files().sync_folder(folder_.data);
    if (!done) {
        in_doubt_ = true;
        return done;
    }
    if (first) oldest_ = steady_clock::now();
    for (auto& e : entries) add(std::move(e));
    return {};
}

void journal::add(journal_entry entry) {
    len_ += entry.sealed.size();
    auto& p = pending_[entry.stem];
    if (p.versions.empty()) p.in_file = entry.replaces;
    p.versions.push_front({entry.version, entry.replaces, std::move(entry.sealed), {}});
    // Those that no history would keep need no memory either.
    if (p.versions.size() > history_.limit() + 1) p.versions.pop_back();
}

bool journal::full() const noexcept { return in_doubt_ || len_ > max_journal_len - max_block_len || pending_.size() > most_names; }

std::chrono::nanoseconds journal::until_due() const {
    if (empty()) return std::chrono::nanoseconds::max();
    auto const now = steady_clock::now();
    bool const enough = len_ >= enough_len || pending_.size() >= enough_names;
    return std::max(enough ? now : oldest_ + longest_wait, not_before_) - now;
}

// --- becoming files ----------------------------------------------------------------------------------------------------
base::status journal::checkpoint() {
    if (empty()) return {};
    not_before_ = steady_clock::now() + retry_after;  // unless it succeeds
    VSECM_TRY_OK(write_aside());
    // Earlier versions are there for good before the newest hides what they were.
    VSECM_TRY_OK(place_earlier());
    VSECM_TRY_OK(place_newest());
    drop_superseded();
    VSECM_TRY_OK(remove_file());
    pending_.clear();
    len_ = 0;
    not_before_ = {};
    return {};
}

base::status journal::write_aside() {
    struct task {
        pending::version* version;
        base::status written{};
    };
    std::vector<task> tasks;
    for (auto& [stem, p] : pending_) {
        for (auto& v : p.versions) {
            if (&v == &p.versions.front() && p.placed()) continue;
            if (!v.aside.empty()) VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + v.aside));  // of an earlier try
            tasks.push_back({&v});
        }
    }
    auto const first = serial_;
    serial_ += tasks.size();
    pool_.run(tasks.size(), [&](std::size_t i) {
        auto name = std::format("{}j{}", temporary_prefix, first + i);
        tasks[i].written = folder_.files().write_new_synced(folder_.data + "/" + name, tasks[i].version->sealed, file_mode);
        tasks[i].version->aside = std::move(name);
    });
    for (auto& t : tasks) VSECM_TRY_OK(std::move(t.written));
    return {};
}

base::status journal::place_earlier() {
    bool any = false;
    for (auto& [stem, p] : pending_) {
        auto const& oldest = p.versions.back();
        if (p.in_file == oldest.replaces && p.versions.size() <= history_.limit())
            history_.link(stem + std::string(record_suffix), stem, oldest.replaces);
        for (auto v = p.versions.rbegin(); v + 1 != p.versions.rend(); ++v) {
            VSECM_TRY_OK(history_.place(v->aside, stem, v->number));
            v->aside.clear();
        }
        any = any || p.versions.size() > 1;
    }
    return any ? folder_.files().sync_folder(folder_.history) : base::status{};
}

base::status journal::place_newest() {
    for (auto& [stem, p] : pending_) {
        if (p.placed()) continue;
        auto& newest = p.versions.front();
        VSECM_TRY_OK(folder_.files().rename(folder_.data + "/" + newest.aside, record_path(folder_, stem)));
        newest.aside.clear();
        p.in_file = newest.number;
    }
    return folder_.files().sync_folder(folder_.data);
}

// Nothing here matters for what a restart shows.
void journal::drop_superseded() {
    for (auto const& [stem, p] : pending_) {
        if (index_.tombstones.contains(stem) && folder_.remove_if_there(folder_.deleted + "/" + stem + std::string(record_suffix)))
            index_.tombstones.erase(stem);
        history_.prune(stem);
    }
}

// For good: a journal that came back after a crash would undo what is written after it.
base::status journal::remove_file() {
    in_doubt_ = true;  // until it is known to be gone, nothing can be added to it
    VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + std::string(journal_file)));
    VSECM_TRY_OK(folder_.files().sync_folder(folder_.data));
    exists_ = in_doubt_ = false;
    return {};
}

// --- after a crash -----------------------------------------------------------------------------------------------------
base::status journal::recover() {
    VSECM_TRY(found, read_journal(folder_.files(), folder_.data));
    auto const num_records = found.entries.size();
    if (!found.exists) return {};
    exists_ = true;
    for (auto& e : found.entries) add(std::move(e));
    for (auto& [stem, p] : pending_) {
        auto const there = folder_.files().read(record_path(folder_, stem), max_record_len);
        if (!there && there.error().code == base::errc::storage) return std::unexpected(there.error());
        if (there && std::ranges::equal(there->bytes(), p.versions.front().sealed)) p.in_file = p.versions.front().number;
    }
    VSECM_TRY_OK(checkpoint());
    log::info("journal_recovered", {{"records", num_records}, {"bytes_never_acknowledged", found.num_dropped}});
    return {};
}

}  // namespace vsecm::store
