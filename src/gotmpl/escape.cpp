#include "gotmpl/escape.hpp"

#include "codec/utf8.hpp"

namespace vsecm::gotmpl {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

void write_hex(text_sink& out, char32_t code, unsigned at_least) {
    unsigned num = at_least;
    while (code >> 4 * num != 0) ++num;
    while (num-- > 0) out.write(hex_digits[code >> 4 * num & 0xF]);
}

std::string_view html_of(char c) {
    switch (c) {
        case '\0': return "\xEF\xBF\xBD";
        case '"': return "&#34;";
        case '\'': return "&#39;";
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        default: return {};
    }
}

std::string_view js_of(char c) {
    switch (c) {
        case '\\': return "\\\\";
        case '\'': return "\\'";
        case '"': return "\\\"";
        case '<': return "\\u003C";
        case '>': return "\\u003E";
        case '&': return "\\u0026";
        case '=': return "\\u003D";
        default: return {};
    }
}

}  // namespace

void write_html(text_sink& out, std::string_view text) {
    for (char const c : text) {
        if (auto const escaped = html_of(c); !escaped.empty()) out.write(escaped);
        else out.write(c);
    }
}

void write_js(text_sink& out, std::string_view text) {
    while (!text.empty()) {
        auto const r = codec::decode_rune(text);
        auto const bytes = text.substr(0, r.len);
        text.remove_prefix(r.len);
        if (auto const escaped = js_of(bytes.front()); !escaped.empty()) {
            out.write(escaped);
        } else if (r.code >= ' ' && (r.code < 0x80 || is_printable(r.code))) {
            out.write(bytes);  // an invalid byte too, as Go does
        } else {
            out.write("\\u");
            write_hex(out, r.code, 4);
        }
    }
}

void write_url_query(text_sink& out, std::string_view text) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    for (char const c : text) {
        if (c == ' ') {
            out.write('+');
        } else if (plain.contains(c)) {
            out.write(c);
        } else {
            out.write('%');
            write_hex(out, static_cast<unsigned char>(c), 2);
        }
    }
}

}  // namespace vsecm::gotmpl
