#include "store/batch_manifest.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "store/file_name.hpp"
#include "store/limits.hpp"

#include <algorithm>
#include <format>

namespace vsecm::store {

using base::errc;
using base::fail;

namespace {

constexpr std::string_view first_line = "vsecm-batch 1";
constexpr std::string_view last_line = "end";
constexpr std::string_view superseding_line = "supersedes";

std::string_view take_until(std::string_view& text, char end) {
    auto const at = text.find(end);
    auto const part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

// A plain name of a file, so that no manifest leads out of the folder.
bool is_plain(std::string_view name) { return !name.empty() && name.find('/') == std::string_view::npos && name != "." && name != ".."; }

base::result<planned_rename> parse_rename(std::string_view line) {
    planned_rename r;
    auto const where = take_until(line, ' ');
    auto const hash = take_until(line, ' ');
    r.from = take_until(line, ' ');
    r.to = line;
    r.tombstone = where == "deleted";
    bool const known = where == "deleted" || where == "data";
    if (!known || !is_plain(r.from) || !is_plain(r.to) || hash.size() != 2 * r.content.size() || !base::hex_decode(hash, r.content))
        return fail(errc::corrupt, "a line of the manifest is malformed");
    return r;
}

class recovery {
public:
    explicit recovery(data_folder const& folder) : folder_(folder) {}

    base::status run() {
        VSECM_TRY(entries, folder_.files().list(folder_.data));
        std::vector<std::string> manifests;
        for (auto const& e : entries) {
            if (is_manifest(e.name)) manifests.push_back(e.name);
            if (is_temporary(e.name)) rubbish_.push_back(folder_.data + "/" + e.name);
        }
        VSECM_TRY(tombstones, folder_.files().list(folder_.deleted));
        for (auto const& e : tombstones)
            if (is_temporary(e.name)) rubbish_.push_back(folder_.deleted + "/" + e.name);
        if (manifests.empty() && rubbish_.empty()) return {};

        std::ranges::sort(manifests, std::greater<>{});
        std::vector<batch_manifest> decided;  // newest first
        for (auto const& name : manifests) {
            auto m = read(name);
            if (!m && m.error().code == errc::storage) return std::unexpected(std::move(m).error());
            if (!m) continue;
            VSECM_TRY(is_whole, is_decided(*m));
            if (!is_whole) continue;
            decided.push_back(*std::move(m));
            if (decided.back().supersedes) break;
        }
        for (auto m = decided.rbegin(); m != decided.rend(); ++m) VSECM_TRY_OK(carry_out(*m));
        if (!decided.empty()) VSECM_TRY_OK(sync());
        for (auto const& name : manifests) VSECM_TRY_OK(folder_.remove_if_there(folder_.data + "/" + name));
        for (auto const& path : rubbish_) VSECM_TRY_OK(folder_.remove_if_there(path));
        return sync();  // or a later crash could bring a manifest back, next to new files
    }

private:
    std::string const& place(planned_rename const& r) const { return r.tombstone ? folder_.deleted : folder_.data; }

    base::result<batch_manifest> read(std::string const& name) const {
        VSECM_TRY(text, folder_.files().read(folder_.data + "/" + name, max_record_len));
        return parse_manifest(text.view());
    }

    // An error of the disk is no answer: to drop a decided batch over it would leave it done in part.
    base::result<bool> holds(std::string const& path, crypto::digest256 const& content) const {
        auto const bytes = folder_.files().read(path, max_record_len);
        if (bytes) return crypto::sha256(bytes->bytes()) == content;
        if (bytes.error().code == errc::storage) return std::unexpected(bytes.error());
        return false;
    }

    // Renames begin only after all files and the manifest are on stable storage. So if one is neither aside nor in place,
    // either none began, or all of it is long done and later writes have replaced it.
    base::result<bool> is_decided(batch_manifest const& m) const {
        for (auto const& r : m.renames) {
            VSECM_TRY(aside, holds(place(r) + "/" + r.from, r.content));
            if (aside) continue;
            VSECM_TRY(placed, holds(place(r) + "/" + r.to, r.content));
            if (!placed) return false;
        }
        return true;
    }

    base::status carry_out(batch_manifest const& m) const {
        for (auto const& r : m.renames) {
            VSECM_TRY(aside, holds(place(r) + "/" + r.from, r.content));
            if (!aside) continue;
            // A server that was killed may have left it in the kernel's memory only.
            VSECM_TRY_OK(folder_.files().append_synced(place(r) + "/" + r.from, {}));
            VSECM_TRY_OK(folder_.files().rename(place(r) + "/" + r.from, place(r) + "/" + r.to));
        }
        base::log::info("batch_completed", {{"files", m.renames.size()}});
        return {};
    }

    base::status sync() const {
        VSECM_TRY_OK(folder_.files().sync_folder(folder_.deleted));
        return folder_.files().sync_folder(folder_.data);
    }

    data_folder const& folder_;
    std::vector<std::string> rubbish_;
};

}  // namespace

std::string print_manifest(batch_manifest const& manifest) {
    auto text = std::format("{}\n", first_line);
    if (manifest.supersedes) text += std::format("{}\n", superseding_line);
    for (auto const& r : manifest.renames)
        text += std::format("{} {} {} {}\n", r.tombstone ? "deleted" : "data", base::hex_encode(r.content), r.from, r.to);
    return text += std::format("{}\n", last_line);
}

base::result<batch_manifest> parse_manifest(std::string_view text) {
    batch_manifest manifest;
    if (!text.ends_with(std::format("\n{}\n", last_line)) || take_until(text, '\n') != first_line)
        return fail(errc::corrupt, "the manifest is not whole");
    while (true) {
        auto const line = take_until(text, '\n');
        if (line == last_line) break;
        if (line == superseding_line) {
            manifest.supersedes = true;
            continue;
        }
        VSECM_TRY(rename, parse_rename(line));
        manifest.renames.push_back(std::move(rename));
    }
    if (!text.empty()) return fail(errc::corrupt, "the manifest goes on after its end");
    return manifest;
}

std::string manifest_file(std::uint64_t serial) { return std::format("{}{:016}", manifest_prefix, serial); }

base::status recover_batches(data_folder const& folder) { return recovery(folder).run(); }

}  // namespace vsecm::store
