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
// A checkpoint is also due when this much has gathered: it holds up the writer for as long as so many files take.
constexpr std::size_t enough_versions = 1024;
constexpr std::size_t enough_len = max_block_len;
// While checkpoints fail.
constexpr std::size_t most_versions = 8 * enough_versions;
constexpr std::chrono::milliseconds slow_failure{50};  // a try that took longer is not repeated at once
constexpr std::chrono::seconds longest_pause{10};

std::string record_file(std::string const& stem) { return stem + std::string(record_suffix); }

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
        in_doubt_ = !take_back(first);
        return done;
    }
    if (first) oldest_ = steady_clock::now();
    file_len_ += block.size();
    for (auto& e : entries) add(std::move(e));
    return {};
}

// Succeeds only if no restart can find what was not acknowledged.
base::status journal::take_back(bool whole_file) {
    if (whole_file) return remove_file();
    return folder_.files().shorten_synced(folder_.data + "/" + std::string(journal_file), file_len_);
}

void journal::add(journal_entry entry) {
    auto& p = pending_[entry.stem];
    if (p.versions.empty()) p.in_file = entry.replaces;
    p.versions.push_front({entry.version, entry.replaces, std::move(entry.sealed), {}});
    ++num_versions_;
    if (p.versions.size() <= history_.limit() + 1) return;
    // No history would keep it, so it needs no memory either.
    if (!p.versions.back().aside.empty()) leftovers_.push_back(std::move(p.versions.back().aside));
    p.versions.pop_back();
    --num_versions_;
}

bool journal::full() const noexcept {
    return in_doubt_ || file_len_ > max_journal_len - max_block_len || num_versions_ > most_versions;
}

std::chrono::nanoseconds journal::until_due() const {
    if (empty()) return std::chrono::nanoseconds::max();
    auto const now = steady_clock::now();
    bool const enough = file_len_ >= enough_len || num_versions_ >= enough_versions;
    return std::max(enough ? now : oldest_ + wait_, not_before_) - now;
}

// --- becoming files ----------------------------------------------------------------------------------------------------
base::status journal::checkpoint() {
    if (empty()) return {};
    auto const begun = steady_clock::now();
    if (begun < not_before_) return std::unexpected(last_failure_);
    auto done = try_checkpoint();
    if (done) return done;
    // A disk that takes long to say no is not asked again by every request that comes.
    auto const took = steady_clock::now() - begun;
    not_before_ = took < slow_failure ? begun : begun + std::min<steady_clock::duration>(8 * took, longest_pause);
    last_failure_ = done.error();
    return done;
}

base::status journal::try_checkpoint() {
    VSECM_TRY_OK(write_aside());
    // Earlier versions are there for good before the newest hides what they were.
    place_earlier();
    VSECM_TRY_OK(place_newest());
    drop_superseded();
    VSECM_TRY_OK(remove_file());
    pending_.clear();
    num_versions_ = 0;
    return {};
}

base::status journal::write_aside() {
    for (; !leftovers_.empty(); leftovers_.pop_back()) VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + leftovers_.back()));
    struct task {
        pending::kept_version* version;
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

// A history that cannot be kept is no reason to keep the present from its place.
void journal::place_earlier() {
    base::status done;
    bool any = false;
    for (auto& [stem, p] : pending_) {
        auto const& oldest = p.versions.back();
        if (p.in_file == oldest.replaces && p.versions.size() <= history_.limit()) history_.link(record_file(stem), stem, oldest.replaces);
        for (auto v = p.versions.rbegin(); v + 1 != p.versions.rend(); ++v) {
            if (auto placed = history_.place(v->aside, stem, v->number); !placed)
                done = std::move(placed);  // the temporary file stays noted, and goes with the next try or start
            else
                v->aside.clear();
            any = true;
        }
    }
    if (any && done) done = folder_.files().sync_folder(folder_.history);
    if (!done) log::warn("earlier_versions_not_kept", {{"reason", done.error().what}});
}

base::status journal::place_newest() {
    for (auto& [stem, p] : pending_) {
        if (p.placed()) continue;
        auto& newest = p.versions.front();
        VSECM_TRY_OK(folder_.files().rename(folder_.data + "/" + newest.aside, folder_.data + "/" + record_file(stem)));
        newest.aside.clear();
        p.in_file = newest.number;
    }
    return folder_.files().sync_folder(folder_.data);
}

// Nothing here matters for what a restart shows.
void journal::drop_superseded() {
    for (auto& [stem, p] : pending_) {
        if (index_.tombstones.contains(stem) && folder_.remove_if_there(folder_.deleted + "/" + record_file(stem)))
            index_.tombstones.erase(stem);
        history_.prune(stem);
        for (auto& v : p.versions)
            if (!v.aside.empty()) leftovers_.push_back(std::move(v.aside));
    }
}

// For good: a journal that came back after a crash would undo what is written after it.
base::status journal::remove_file() {
    in_doubt_ = true;  // until it is known to be gone, nothing can be added to it
    VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + std::string(journal_file)));
    VSECM_TRY_OK(folder_.files().sync_folder(folder_.data));
    exists_ = in_doubt_ = false;
    file_len_ = 0;
    return {};
}

// --- after a crash -----------------------------------------------------------------------------------------------------
base::status journal::recover(record_opener const& opener) {
    VSECM_TRY(found, read_journal(folder_.files(), folder_.data));
    if (!found.exists) return {};
    exists_ = in_doubt_ = true;
    // A server that was killed may have left it in the kernel's memory only. What is decided on must not vanish later.
    VSECM_TRY_OK(folder_.files().append_synced(folder_.data + "/" + std::string(journal_file), {}));
    VSECM_TRY_OK(folder_.files().sync_folder(folder_.data));
    if (found.num_damaged > 0) VSECM_TRY_OK(keep_damaged());
    auto const num_records = found.entries.size();
    for (auto& e : found.entries) add(std::move(e));
    VSECM_TRY_OK(compare_with_files(opener, found.num_damaged == 0));
    VSECM_TRY_OK(checkpoint());
    log::info("journal_recovered", {{"records", num_records}, {"unfinished_bytes", found.num_unfinished}});
    if (found.num_damaged > 0) log::error("journal_damaged", {{"bytes", found.num_damaged}, {"kept_in", folder_.quarantine}});
    return {};
}

// For people: what cannot be read may have been acknowledged. Once, however many starts it takes to recover it.
base::status journal::keep_damaged() const {
    auto const path = folder_.data + "/" + std::string(journal_file);
    VSECM_TRY(whole, folder_.files().read(path, max_journal_file_len));
    for (int n = 1;; ++n) {
        auto const kept = std::format("{}/{}{}", folder_.quarantine, kept_journal_prefix, n);
        auto linked = folder_.files().link(path, kept);
        if (!linked && linked.error().code == base::errc::conflict) {
            auto const other = folder_.files().read(kept, max_journal_file_len);
            if (!other || other->view() != whole.view()) continue;
        } else {
            VSECM_TRY_OK(std::move(linked));
        }
        return folder_.files().sync_folder(folder_.quarantine);
    }
}

// Finds out what of it is in the files already, and what somebody else has changed since: the original, or an earlier vsecm
// that knows of no journal, may have run on the folder in between. Its writes and deletions are the newer ones.
base::status journal::compare_with_files(record_opener const& opener, bool is_complete) {
    for (auto at = pending_.begin(); at != pending_.end();) {
        auto& [stem, p] = *at;
        auto const name = decode_stem(stem).value_or(stem);
        std::string_view const names[] = {name};
        auto const ours = opener.open(p.versions.front().sealed, names);
        if (ours.verdict == open_verdict::other_key)
            return base::fail(base::errc::no_match, "{}/{} has records that this root key does not open; give the one they were written with",
                              folder_.data, journal_file);
        auto const there = folder_.files().read(folder_.data + "/" + record_file(stem), max_record_len);
        if (!there && there.error().code == base::errc::storage) return std::unexpected(there.error());
        bool is_ours = false;
        for (auto const& v : p.versions) {
            if (!there || !std::ranges::equal(there->bytes(), v.sealed)) continue;
            is_ours = true;
            p.in_file = v.number;
        }
        bool changed_since = false;
        if (!there) {
            changed_since = is_complete && p.in_file != 0;  // there was a file
        } else if (!is_ours) {
            auto const theirs = opener.open(there->bytes(), names);
            changed_since = theirs.verdict == open_verdict::opened && ours.verdict == open_verdict::opened && is_newer(*theirs.secret, *ours.secret);
        }
        if (changed_since) {
            log::warn("journal_record_superseded", {{"name", name}, {"version", p.versions.front().number}});
            num_versions_ -= p.versions.size();
            at = pending_.erase(at);
        } else {
            ++at;
        }
    }
    return {};
}

}  // namespace vsecm::store
