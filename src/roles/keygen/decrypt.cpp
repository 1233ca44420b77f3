#include "roles/keygen/decrypt.hpp"

#include "api/messages.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/try.hpp"
#include "codec/utf8.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/age_format.hpp"
#include "crypto/value_cipher.hpp"
#include "roles/keygen/input.hpp"
#include "store/file_name.hpp"
#include "store/journal_format.hpp"
#include "store/limits.hpp"
#include "store/record_format.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace vsecm::roles::keygen {

using namespace base;

namespace {

constexpr std::size_t max_input_len = 256U << 20;

bool is_recognised(byte_view sealed) { return crypto::looks_like_age(sealed) || crypto::looks_armored(sealed) || crypto::is_aes_gcm(sealed); }

// The original's AES cannot say that the key is wrong. Its values travelled as JSON text, so the plaintext is UTF-8; what a
// wrong key gives, beyond a few bytes, is not.
result<secret_text> open_value(decryption const& how, byte_view sealed, bool cfb) {
    if (!cfb || is_recognised(sealed)) return crypto::open_with(how.keys, sealed);
    return crypto::open_cfb_compat_with(how.keys, sealed, codec::is_valid_utf8);
}

std::string_view file_name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// A record of the original's AES mode is believed only if it parses and is about the secret that its file is named for.
result<secret_text> open_store_file(decryption const& how, std::string_view file, byte_view sealed) {
    if (is_recognised(sealed)) return crypto::open_with(how.keys, sealed);
    auto const stem = store::stem_of(file);
    auto const names_itself = [&](std::string_view plain) {
        auto const record = store::decode_record(secret_text(plain));
        return record && (record->name == *stem || record->name == store::decode_stem(*stem));
    };
    if (stem && sealed.size() > 16) {
        auto opened = crypto::open_cfb_compat_with(how.keys, sealed, names_itself);
        if (opened) complain(file, "read as the original's AES, which nothing protects against changes");
        if (opened) return opened;
    }
    return fail(errc::corrupt, "neither an age file nor an AES-256-GCM container, nor a record in the original's AES under this key");
}

result<store::plain_record> open_record(decryption const& how, std::string_view file, byte_view sealed) {
    VSECM_TRY(plain, open_store_file(how, file, sealed));
    return store::decode_record(std::move(plain));
}

result<store::plain_record> read_record(decryption const& how, std::string const& folder, std::string const& file) {
    VSECM_TRY(sealed, read_file(folder + "/" + file, store::max_record_len));
    return open_record(how, file, sealed.bytes());
}

// What is printed of one secret.
struct shown_item {
    std::string_view name;
    std::span<secret_text const> values;
    std::optional<system_time> created, updated;
};

status print(decryption const& how, shown_item const& item) {
    secret_text text;
    if (!how.only.empty()) {
        std::vector<std::string_view> values;
        for (auto const& v : item.values) values.push_back(v.view());
        return how.out(store::join_values(values).bytes());
    }
    auto const line = [&](std::string_view label, std::string_view content) {
        text.append(label);
        text.append(content);
        text.push_back('\n');
    };
    line("Name: ", printable(item.name));
    for (auto const& v : item.values) line("Value: ", v.view());
    line("Created: ", item.created ? format_rfc3339(*item.created) : "unknown");
    line("Updated: ", item.updated ? format_rfc3339(*item.updated) : "unknown");
    line("---", "");
    return how.out(text.bytes());
}

// The values of one entry that open; each of the others is told, and counted.
std::vector<secret_text> open_all(decryption const& how, api::secret_item const& item, bool cfb, std::size_t& num_failed) {
    std::vector<secret_text> values;
    for (auto const& text : item.encrypted) {
        if (text.empty()) {  // Q14: exports of the original in AES mode lack all values but the first
            complain(item.name, "the export has no value of it");
            ++num_failed;
            continue;
        }
        auto const sealed = base64_decode(text);
        auto opened = sealed ? open_value(how, *sealed, cfb) : result<secret_text>(std::unexpected(sealed.error()));
        if (opened) {
            values.push_back(*std::move(opened));
            continue;
        }
        complain(item.name, opened.error().what);
        ++num_failed;
    }
    return values;
}

result<std::size_t> not_there(decryption const& how) { return fail(errc::not_found, "there is no secret named {}", printable(how.only)); }

}  // namespace

result<std::size_t> decrypt_export(decryption const& how, std::string const& path) {
    VSECM_TRY(source, open_source(path));
    VSECM_TRY(text, read_all(source, max_input_len));
    auto parsed = api::parse_secret_list(std::move(text));
    if (!parsed) return pass(std::move(parsed), path);
    auto const& algorithm = parsed->algorithm;
    if (algorithm != "age" && algorithm != "aes" && algorithm != "aes-256-gcm")
        return fail(errc::invalid, "{} is not the output of `safe -l -e`: its `algorithm` is none of age, aes, aes-256-gcm", path);
    bool const cfb = algorithm == "aes";
    if (cfb) complain(path, "the original's AES does not protect values against changes, and does not notice every wrong key");

    if (how.only.empty()) VSECM_TRY_OK(how.out(as_bytes("Algorithm: " + algorithm + "\n---\n")));
    std::size_t num_failed = 0;
    bool found = false;
    for (auto const& item : parsed->secrets) {
        if (!how.only.empty() && item.name != how.only) continue;
        found = true;
        if (item.encrypted.empty()) {
            if (item.status == "deleted") continue;
            complain(item.name, item.status == "damaged" ? "was damaged in the store already" : "the export has no value of it");
            ++num_failed;
            continue;
        }
        auto const failed_before = num_failed;
        auto const values = open_all(how, item, cfb, num_failed);
        if (values.empty() || (!how.only.empty() && num_failed != failed_before)) continue;
        VSECM_TRY_OK(print(how, {item.name, values, item.created, item.updated}));
    }
    if (!found && !how.only.empty()) return not_there(how);
    return num_failed;
}

result<std::size_t> decrypt_file(decryption const& how, std::string const& path) {
    VSECM_TRY(source, open_source(path));
    std::vector<std::uint8_t> head(4096);
    VSECM_TRY(n, crypto::read_fully(source, head));
    head.resize(n);
    bool const is_age = crypto::looks_like_age(head) || crypto::looks_armored(head);
    source = crypto::chained_source(std::move(head), std::move(source));
    if (!is_age) {
        VSECM_TRY(sealed, read_all(source, max_input_len));
        auto opened = how.as == format::aes_cfb ? open_value(how, sealed.bytes(), true) : open_store_file(how, file_name_of(path), sealed.bytes());
        if (!opened) return pass(std::move(opened), path);
        VSECM_TRY_OK(how.out(opened->bytes()));
        return 0U;
    }
    auto reader = crypto::age_reader::start(how.keys.identities(), std::move(source));
    if (!reader) return pass(std::move(reader), path);
    for (bool any = false;; any = true) {
        auto piece = reader->next();
        if (!piece) return pass(std::move(piece), any ? path + " (what was printed is authentic, but not all of it)" : path);
        if (piece->empty()) return 0U;
        VSECM_TRY_OK(how.out(*piece));
    }
}

result<std::size_t> decrypt_value(decryption const& how, std::string const& path) {
    VSECM_TRY(source, open_source(path));
    VSECM_TRY(text, read_all(source, max_input_len));
    constexpr std::string_view white_space = " \t\r\n";
    auto value = text.view();
    value.remove_prefix(std::min(value.find_first_not_of(white_space), value.size()));
    value = value.substr(0, value.find_last_not_of(white_space) + 1);
    auto sealed = base64_decode(value);
    if (!sealed) return pass(std::move(sealed), path);
    auto opened = open_value(how, *sealed, how.as == format::aes_cfb);
    if (!opened) return pass(std::move(opened), path);
    VSECM_TRY_OK(how.out(opened->bytes()));
    return 0U;
}

result<std::size_t> decrypt_data(decryption const& how, std::string const& path) {
    // A server that was killed may have left its newest records in the journal. Before the list: a server that runs makes
    // files of them and removes it.
    VSECM_TRY(journal, store::read_journal(posix_files(), path));
    auto listed = posix_files().list(path);
    if (!listed) return fail(errc::invalid, "{}", listed.error().what);
    std::map<std::string, std::optional<std::vector<std::uint8_t>>> records;
    for (auto const& entry : *listed)
        if (entry.kind == file_kind::regular && store::stem_of(entry.name)) records.emplace(entry.name, std::nullopt);
    if (journal.num_damaged > 0) complain(store::journal_file, "a part of it is damaged");
    for (auto& entry : journal.entries) records[entry.stem + std::string(store::record_suffix)] = std::move(entry.sealed);
    if (records.empty()) return fail(errc::invalid, "{} has no store files: is it a data folder?", path);
    if (how.only.empty()) VSECM_TRY_OK(how.out(as_bytes("---\n")));
    std::size_t num_failed = 0;
    bool found = false;
    for (auto const& [file, journaled] : records) {
        auto const stem = store::stem_of(file);
        auto const decoded = store::decode_stem(*stem);
        if (!how.only.empty() && how.only != *stem && how.only != decoded) continue;
        auto record = journaled ? open_record(how, file, *journaled) : read_record(how, path, file);
        if (record && record->name != *stem && record->name != decoded)
            record = fail(errc::corrupt, "the record in it is that of another secret, {}", printable(record->name));
        if (!record) {
            complain(file, record.error().what);
            ++num_failed;
            found = true;
            continue;
        }
        if (record->state != store::secret_state::present) continue;
        found = true;
        VSECM_TRY_OK(print(how, {record->name, record->values, record->created, record->updated}));
    }
    if (!found && !how.only.empty()) return not_there(how);
    return num_failed;
}

}  // namespace vsecm::roles::keygen
