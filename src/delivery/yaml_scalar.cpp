#include "delivery/yaml_scalar.hpp"

#include "codec/utf8.hpp"
#include "delivery/yaml_resolve.hpp"

#include <array>

namespace vsecm::delivery {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t longest_simple_key = 128;

bool is_printable(char32_t c) noexcept {
    return c == '\n' || (c >= 0x20 && c <= 0x7E) || (c >= 0xA0 && c <= 0xFFFD && c != 0xFEFF);
}

bool is_break(char32_t c) noexcept { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }
bool is_blank(char32_t c) noexcept { return c == ' ' || c == '\t'; }

// What is in a text that matters for how it may be written.
struct findings {
    bool indicators = false;      // unquoted, a piece of it would be YAML's own
    bool tabs = false;
    bool special = false;         // to be escaped
    bool line_feeds = false;
    bool breaks = false;
    bool space_at_edge = false;   // or a break
    bool space_before_break = false;
};

// Whether the character `c` at this place means something to YAML, outside of lists and maps in one line.
bool is_indicator(char32_t c, bool first, bool after_blank, bool before_blank) noexcept {
    constexpr std::u32string_view at_start = U"#,[]{}&*!|>'\"%@`";
    if (first && at_start.contains(c)) return true;
    if (c == ':' || (first && (c == '?' || c == '-'))) return before_blank;
    return c == '#' && after_blank;
}

findings look_at(std::string_view text) noexcept {
    findings found;
    found.indicators = text.starts_with("---") || text.starts_with("...");
    found.space_at_edge = text.starts_with(' ') || text.ends_with(' ');
    bool after_blank = true;
    char32_t previous = 0;
    for (std::size_t at = 0; at < text.size();) {
        auto const [c, len, valid] = codec::decode_rune(text.substr(at));
        bool const first = at == 0;
        at += len;
        bool const last = at == text.size();
        found.indicators = found.indicators || is_indicator(c, first, after_blank, last || is_blank(static_cast<unsigned char>(text[at])));
        if (c == '\t') found.tabs = true;
        else if (!is_printable(c) || c == 0x2028 || c == 0x2029) found.special = true;
        if (is_break(c)) {
            found.breaks = true;
            found.line_feeds = found.line_feeds || c == '\n';
            found.space_at_edge = found.space_at_edge || first || last;
            found.space_before_break = found.space_before_break || previous == ' ';
        }
        after_blank = is_blank(c) || is_break(c) || c == 0;
        previous = c;
    }
    return found;
}

bool may_be_literal(std::string_view text, findings const& found, scalar_place place) noexcept {
    if (found.space_before_break || found.special || text.ends_with(' ') || text.starts_with('\n') || text.starts_with('\t')) return false;
    return !text.starts_with(' ') || place.hint_is_true;
}

void write_escape(gotmpl::text_sink& out, char32_t c) {
    constexpr char32_t codes[] = {0, 7, 8, 9, 10, 11, 12, 13, 27, '"', '\\', 0x85, 0xA0, 0x2028, 0x2029};
    constexpr std::string_view letters = "0abtnvfre\"\\N_LP";
    out.write('\\');
    for (std::size_t i = 0; i < letters.size(); ++i)
        if (codes[i] == c) return out.write(letters[i]);
    out.write(c <= 0xFF ? 'x' : c <= 0xFFFF ? 'u' : 'U');
    for (int shift = c <= 0xFF ? 4 : c <= 0xFFFF ? 12 : 28; shift >= 0; shift -= 4) out.write("0123456789ABCDEF"[c >> shift & 15]);
}

void write_double_quoted(gotmpl::text_sink& out, std::string_view text) {
    bool const escapes_all = text.starts_with(byte_order_mark);  // as yaml.v3 does
    out.write('"');
    while (!text.empty()) {
        auto const [c, len, valid] = codec::decode_rune(text);
        if (escapes_all || !is_printable(c) || is_break(c) || c == '"' || c == '\\') write_escape(out, c);
        else out.write(text.substr(0, len));
        text.remove_prefix(len);
    }
    out.write('"');
}

void write_single_quoted(gotmpl::text_sink& out, std::string_view text) {
    out.write('\'');
    for (char const c : text) {
        if (c == '\'') out.write('\'');
        out.write(c);
    }
    out.write('\'');
}

}  // namespace

scalar_style style_of(std::string_view text, scalar_place place) {
    auto const found = look_at(text);
    if (found.line_feeds && !place.is_key && may_be_literal(text, found, place)) return scalar_style::literal;
    if (found.line_feeds || found.special || found.tabs || found.space_before_break || !reads_as_text(text)) return scalar_style::double_quoted;
    return found.indicators || found.space_at_edge ? scalar_style::single_quoted : scalar_style::plain;
}

bool is_simple_key(std::string_view text) noexcept { return text.size() <= longest_simple_key && !look_at(text).breaks; }

void write_scalar(gotmpl::text_sink& out, std::string_view text, scalar_style style) {
    switch (style) {
        case scalar_style::single_quoted: return write_single_quoted(out, text);
        case scalar_style::double_quoted: return write_double_quoted(out, text);
        default: return out.write(text);
    }
}

void write_literal(gotmpl::text_sink& out, std::string_view text, std::size_t indent) {
    out.write('|');
    if (text.starts_with(' ')) out.write('4');
    if (!text.ends_with('\n')) out.write('-');
    else if (text.ends_with("\n\n")) out.write('+');
    bool at_start = true;
    out.write('\n');
    for (char const c : text) {
        if (at_start && c != '\n') out.fill(indent, ' ');
        out.write(c);
        at_start = c == '\n';
    }
}

}  // namespace vsecm::delivery
