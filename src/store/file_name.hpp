// The names of files in the data folder (docs/record-format.md, "Names").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vsecm::store {

inline constexpr std::string_view record_suffix = ".age";

// The secret a file's stem (without ".age") stands for, if it is a stem that we would write: api::encode_name undone.
std::optional<std::string> decode_stem(std::string_view stem);

// "foo.age" -> "foo", and ".foo.age", which the original writes, -> ".foo"; nothing for other files (those of a write under way
// among them) and the original's copies ("foo-1-.age.backup").
std::optional<std::string_view> stem_of(std::string_view file);
// The original's copies of its newest value: "foo-1-.age.backup" -> "foo".
std::optional<std::string_view> original_backup_of(std::string_view file);

// Earlier versions, in history/: "foo.7.age".
std::string history_file(std::string_view stem, std::uint64_t version);
struct history_entry {
    std::string_view stem;
    std::uint64_t version;
};
std::optional<history_entry> parse_history_file(std::string_view file);

// Journals that were damaged, in quarantine/: "journal.1".
inline constexpr std::string_view kept_journal_prefix = "journal.";
// Files of a write under way: ".tmp-…". Whatever is there at start is left from a crash.
inline constexpr std::string_view temporary_prefix = ".tmp-";
bool is_temporary(std::string_view file);
// Manifests of batches: ".batch-0000000000000007".
inline constexpr std::string_view manifest_prefix = ".batch-";
bool is_manifest(std::string_view file);

}  // namespace vsecm::store
