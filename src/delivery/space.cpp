#include "delivery/space.hpp"

#include "codec/utf8.hpp"
#include "gotmpl/unicode.hpp"

namespace vsecm::delivery {
namespace {

// Bytes of white space at the end, 0 if there is none: at most three bytes encode one.
std::size_t space_at_end(std::string_view text) noexcept {
    for (std::size_t len = 1; len <= 3 && len <= text.size(); ++len) {
        auto const last = codec::decode_rune(text.substr(text.size() - len));
        if (last.valid && last.len == len) return gotmpl::is_white_space(last.code) ? len : 0;
    }
    return 0;
}

}  // namespace

std::string_view trim_space(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const first = codec::decode_rune(text);
        if (!first.valid || !gotmpl::is_white_space(first.code)) break;
        text.remove_prefix(first.len);
    }
    while (!text.empty()) {
        auto const len = space_at_end(text);
        if (len == 0) break;
        text.remove_suffix(len);
    }
    return text;
}

}  // namespace vsecm::delivery
