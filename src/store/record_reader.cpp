#include "store/record_reader.hpp"

#include "base/log.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/age_format.hpp"

#include <algorithm>

namespace vsecm::store {

using base::errc;
using base::fail;
namespace log = base::log;

opened_record record_reader::open(base::byte_view sealed, std::span<std::string_view const> names) const {
    auto const accepts = [&](base::result<plain_record> const& r) {
        return r && std::ranges::find(names, std::string_view(r->name)) != names.end();
    };
    auto json = cipher_.decrypt(sealed);
    if (!json) return open_original_aes(sealed, accepts, json.error().code);
    auto record = decode_record(*std::move(json));
    if (!accepts(record)) return {open_verdict::corrupt, nullptr};
    return opened(*record);
}

renewed_record record_reader::renew(base::byte_view sealed, std::span<std::string_view const> names) const {
    auto renewed = cipher_.renewed(sealed, [&](std::string_view text) {
        if (!text.starts_with('{')) return false;
        auto const record = decode_record(base::secret_text(text));
        return record && std::ranges::find(names, std::string_view(record->name)) != names.end();
    });
    if (renewed) return {open_verdict::opened, *std::move(renewed)};
    auto const code = renewed.error().code;
    return {code == errc::no_match || code == errc::unsupported ? open_verdict::other_key : open_verdict::corrupt, std::nullopt};
}

void record_reader::set_version(stored_secret& secret, std::uint64_t version) const {
    if (!maker_.set_version(secret, version)) secret.state = secret_state::damaged;
}

std::shared_ptr<stored_secret> record_reader::damaged(std::string_view name, std::uint64_t version) const {
    return maker_.make_damaged(std::string(name), version);
}

opened_record record_reader::opened(plain_record const& record) const {
    auto secret = maker_.make(record);
    secret->persisted = true;
    return {open_verdict::opened, std::move(secret)};
}

// The original's AES files carry no mark and no authentication: what comes out must be a record that names its file.
opened_record record_reader::open_original_aes(base::byte_view sealed, acceptance const& accepts, errc reason) const {
    // Of a later version of the format: nothing is wrong with it, so it stays where it is.
    if (reason == errc::no_match || reason == errc::unsupported) return {open_verdict::other_key, nullptr};
    if (crypto::looks_like_age(sealed) || crypto::is_aes_gcm(sealed) || sealed.size() <= 16) return {open_verdict::corrupt, nullptr};
    base::result<plain_record> record = fail(errc::no_match, "");
    auto const plain = cipher_.decrypt_cfb_compat(sealed, [&](std::string_view text) {
        if (!text.starts_with('{')) return false;
        record = decode_record(base::secret_text(text));
        return accepts(record);
    });
    if (!plain) return {open_verdict::other_key, nullptr};  // without a mark nobody can tell a wrong key from damage
    log::warn("unauthenticated_record", {{"name", record->name}, {"hint", "written by the original in AES mode; the next write fixes it"}});
    return opened(*record);
}

}  // namespace vsecm::store
