#include "roles/safe/delivery.hpp"

#include "codec/json_writer.hpp"
#include "codec/utf8.hpp"

namespace vsecm::roles::safe {
namespace {

bool is_space(char32_t c) noexcept {
    if (c <= 0x20) return c == ' ' || (c >= '\t' && c <= '\r');
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// Bytes of white space at the end, 0 if there is none: at most three bytes encode one.
std::size_t space_at_end(std::string_view text) noexcept {
    for (std::size_t len = 1; len <= 3 && len <= text.size(); ++len) {
        auto const last = codec::decode_rune(text.substr(text.size() - len));
        if (last.valid && last.len == len) return is_space(last.code) ? len : 0;
    }
    return 0;
}

std::string_view one(std::string_view value, store::secret_meta const& meta) noexcept {
    if (meta.format == "none") return value;  // ours: key files and the like, byte for byte
    auto const trimmed = trim_space(value);
    return trimmed.empty() ? value : trimmed;
}

}  // namespace

std::string_view trim_space(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const first = codec::decode_rune(text);
        if (!first.valid || !is_space(first.code)) break;
        text.remove_prefix(first.len);
    }
    while (!text.empty()) {
        auto const len = space_at_end(text);
        if (len == 0) break;
        text.remove_suffix(len);
    }
    return text;
}

base::secret_text deliver(std::span<std::string_view const> values, store::secret_meta const& meta) {
    if (values.size() == 1) return base::secret_text(one(values[0], meta));
    base::secret_text out;
    codec::json_writer array(out);
    array.begin_array();
    for (auto const value : values) array.string(one(value, meta));
    array.end_array();
    return out;
}

}  // namespace vsecm::roles::safe
