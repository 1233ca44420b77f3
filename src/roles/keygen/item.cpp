#include "roles/keygen/item.hpp"

#include "base/encoding.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/age_format.hpp"
#include "crypto/value_cipher.hpp"
#include "roles/keygen/input.hpp"
#include "store/file_name.hpp"
#include "store/record_format.hpp"

namespace vsecm::roles::keygen {

using namespace base;

status show(decryption const& how, shown_item const& item) {
    secret_text text;
    if (!how.only.empty() && !how.history) {
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
    if (item.version != 0) line("Version: ", std::to_string(item.version));
    for (auto const& v : item.values) line("Value: ", v.view());
    line("Created: ", item.created ? format_rfc3339(*item.created) : "unknown");
    line("Updated: ", item.updated ? format_rfc3339(*item.updated) : "unknown");
    line("---", "");
    return how.out(text.bytes());
}

result<std::size_t> not_there(decryption const& how) { return fail(errc::not_found, "there is no secret named {}", printable(how.only)); }

bool is_recognised(byte_view sealed) { return crypto::looks_like_age(sealed) || crypto::looks_armored(sealed) || crypto::is_aes_gcm(sealed); }

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

}  // namespace vsecm::roles::keygen
