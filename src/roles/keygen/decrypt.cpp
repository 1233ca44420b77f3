#include "roles/keygen/decrypt.hpp"

#include "api/messages.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/try.hpp"
#include "codec/utf8.hpp"
#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/age_format.hpp"
#include "crypto/value_cipher.hpp"
#include "roles/keygen/input.hpp"
#include "roles/keygen/item.hpp"

#include <algorithm>

namespace vsecm::roles::keygen {

using namespace base;

namespace {

constexpr std::size_t max_input_len = 256U << 20;

// The original's AES cannot say that the key is wrong. Its values travelled as JSON text, so the plaintext is UTF-8; what a
// wrong key gives, beyond a few bytes, is not.
result<secret_text> open_value(decryption const& how, byte_view sealed, bool cfb) {
    if (!cfb || is_recognised(sealed)) return crypto::open_with(how.keys, sealed);
    return crypto::open_cfb_compat_with(how.keys, sealed, codec::is_valid_utf8);
}

std::string_view file_name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

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
        VSECM_TRY_OK(show(how, {item.name, values, item.created, item.updated}));
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

}  // namespace vsecm::roles::keygen
