#include "codec/json_writer.hpp"

#include "codec/utf8.hpp"

#include <array>
#include <charconv>

namespace vsecm::codec {
namespace {

// Bytes that go out as they are. Everything else takes the slow way.
constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (unsigned c = 0x20; c < 0x80; ++c) table[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
    return table;
}();

// Whether 16 bytes are all plain. Written so that the compiler makes vector instructions of it: nearly every block is.
bool all_plain(char const* block) noexcept {
    unsigned char odd = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        auto const c = static_cast<unsigned char>(block[i]);
        odd |= static_cast<unsigned char>((c < 0x20) | (c >= 0x80) | (c == '"') | (c == '\\') | (c == '<') | (c == '>') | (c == '&'));
    }
    return odd == 0;
}

void append_escape(base::secret_text& out, unsigned char c) {
    constexpr char digits[] = "0123456789abcdef";
    char const unicode[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    switch (c) {
        case '"': return out.append(std::string_view{"\\\""});
        case '\\': return out.append(std::string_view{"\\\\"});
        case '\b': return out.append(std::string_view{"\\b"});
        case '\f': return out.append(std::string_view{"\\f"});
        case '\n': return out.append(std::string_view{"\\n"});
        case '\r': return out.append(std::string_view{"\\r"});
        case '\t': return out.append(std::string_view{"\\t"});
        default: return out.append(std::string_view{unicode, sizeof unicode});
    }
}

}  // namespace

void append_json_string(base::secret_text& out, std::string_view text) {
    out.push_back('"');
    std::size_t done = 0;  // before this, text has been written
    std::size_t at = 0;
    auto const flush = [&] {
        if (at != done) out.append(text.substr(done, at - done));
    };
    for (;;) {
        while (text.size() - at >= 16 && all_plain(text.data() + at)) at += 16;
        while (at < text.size() && plain[static_cast<unsigned char>(text[at])]) ++at;
        if (at == text.size()) break;
        auto const c = static_cast<unsigned char>(text[at]);
        if (c < 0x80) {
            flush();
            append_escape(out, c);
            done = ++at;
            continue;
        }
        auto const r = decode_rune(text.substr(at));
        if (r.valid && r.code != 0x2028 && r.code != 0x2029) {
            at += r.len;
            continue;
        }
        flush();
        out.append(r.valid ? (r.code == 0x2028 ? std::string_view{"\\u2028"} : std::string_view{"\\u2029"})
                           : std::string_view{"\\ufffd"});
        done = at += r.len;
    }
    flush();
    out.push_back('"');
}

json_writer& json_writer::open(char c) {
    separate();
    out_.push_back(c);
    comma_ = false;
    return *this;
}

json_writer& json_writer::close(char c) {
    out_.push_back(c);
    comma_ = true;
    return *this;
}

json_writer& json_writer::key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_.push_back(':');
    comma_ = false;
    return *this;
}

json_writer& json_writer::string(std::string_view text) {
    separate();
    append_json_string(out_, text);
    return *this;
}

json_writer& json_writer::boolean(bool b) { return raw(b ? "true" : "false"); }
json_writer& json_writer::null() { return raw("null"); }

json_writer& json_writer::integer(std::int64_t n) {
    char digits[24];
    auto const end = std::to_chars(digits, digits + sizeof digits, n).ptr;
    return raw({digits, static_cast<std::size_t>(end - digits)});
}

json_writer& json_writer::raw(std::string_view json) {
    separate();
    out_.append(json);
    return *this;
}

}  // namespace vsecm::codec
