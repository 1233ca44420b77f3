#include "gotmpl/quote.hpp"

#include "codec/utf8.hpp"

#include <format>
#include <utility>

namespace vsecm::gotmpl {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void write_hex(text_sink& out, std::string_view prefix, char32_t code, unsigned num_digits) {
    out.write(prefix);
    while (num_digits-- > 0) out.write(hex_digits[code >> 4 * num_digits & 0xF]);
}

void write_escaped(text_sink& out, char32_t code, char quote, quoting how) {
    constexpr std::pair<char32_t, char> short_escapes[] = {{'\a', 'a'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'},
                                                           {'\r', 'r'}, {'\t', 't'}, {'\v', 'v'}};
    if (code == static_cast<unsigned char>(quote) || code == '\\') {
        out.write('\\');
        out.write(static_cast<char>(code));
        return;
    }
    if (is_printable(code) && (how == quoting::unicode || code < 0x80)) return out.write_rune(code);
    for (auto const& [control, letter] : short_escapes)
        if (code == control) {
            out.write('\\');
            return out.write(letter);
        }
    if (code < ' ' || code == 0x7F) return write_hex(out, "\\x", code, 2);
    if (code < 0x10000) return write_hex(out, "\\u", code, 4);
    write_hex(out, "\\U", code, 8);
}

}  // namespace

void write_quoted(text_sink& out, std::string_view text, quoting how) {
    out.write('"');
    while (!text.empty() && !out.overflowed()) {
        auto const r = codec::decode_rune(text);
        if (r.valid) write_escaped(out, r.code, '"', how);
        else write_hex(out, "\\x", static_cast<unsigned char>(text.front()), 2);
        text.remove_prefix(r.len);
    }
    out.write('"');
}

void write_quoted_rune(text_sink& out, char32_t code, quoting how) {
    out.write('\'');
    write_escaped(out, is_code_point(code) ? code : 0xFFFD, '\'', how);
    out.write('\'');
}

bool can_be_raw(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const r = codec::decode_rune(text);
        if (!r.valid || r.code == 0xFEFF || (r.code < ' ' && r.code != '\t') || r.code == '`' || r.code == 0x7F) return false;
        text.remove_prefix(r.len);
    }
    return true;
}

std::string quoted(std::string_view text) {
    text_sink out(10 * text.size() + 2);  // the longest escape has ten bytes
    write_quoted(out, text);
    return std::string(out.view());
}

std::string shortened(std::string_view text) {
    constexpr std::size_t runes_shown = 250;
    std::string cut(first_runes(text, runes_shown));
    return cut.size() == text.size() ? cut : cut + "...";
}

std::string named_rune(char32_t code) {
    auto name = std::format("U+{:04X}", static_cast<std::uint32_t>(code));
    if (is_printable(code)) name.append(" '").append(utf8_bytes(code).view()).append("'");
    return name;
}

}  // namespace vsecm::gotmpl
