#include "base/encoding.hpp"

#include <algorithm>
#include <array>

namespace vsecm::base {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto reverse = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
}();

std::size_t encoded_len(std::size_t len, base64 kind) {
    return kind == base64::padded ? (len + 2) / 3 * 4 : len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
}

char* encode_into(char* to, byte_view in, base64 kind) {
    std::size_t i = 0;
    for (; i + 3 <= in.size(); i += 3) {
        auto const word = static_cast<std::uint32_t>(in[i] << 16 | in[i + 1] << 8 | in[i + 2]);
        for (int shift = 18; shift >= 0; shift -= 6) *to++ = alphabet[word >> shift & 63];
    }
    if (auto const rest = in.size() - i; rest != 0) {
        auto const word = static_cast<std::uint32_t>(in[i] << 16 | (rest == 2 ? in[i + 1] << 8 : 0));
        *to++ = alphabet[word >> 18 & 63];
        *to++ = alphabet[word >> 12 & 63];
        if (rest == 2) *to++ = alphabet[word >> 6 & 63];
        if (kind == base64::padded)
            for (auto k = rest; k < 3; ++k) *to++ = '=';
    }
    return to;
}

// Appends to any byte container with push_back and reserve.
template <class Out>
status decode_into(std::string_view text, base64 kind, Out& out) {
    if (kind == base64::padded) {
        if (text.size() % 4 != 0) return fail(errc::invalid, "base64 length {} is not a multiple of 4", text.size());
        for (int k = 0; k < 2 && text.ends_with('='); ++k) text.remove_suffix(1);
    }
    if (text.size() % 4 == 1) return fail(errc::invalid, "base64 text is cut short");
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t word = 0;
    int bits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const digit = reverse[static_cast<unsigned char>(text[i])];
        if (digit < 0) return fail(errc::invalid, "not a base64 character at offset {}", i);
        word = word << 6 | static_cast<std::uint32_t>(digit);
        if ((bits += 6) >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::uint8_t>(word >> bits & 0xff));
        }
    }
    if ((word & ((1U << bits) - 1)) != 0) return fail(errc::invalid, "base64 text is not canonical");
    return {};
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

struct secret_sink {
    secret_text& text;
    void reserve(std::size_t len) { text.reserve(len); }
    void push_back(std::uint8_t byte) { text.push_back(static_cast<char>(byte)); }
};

}  // namespace

std::string base64_encode(byte_view bytes, base64 kind) {
    std::string out(encoded_len(bytes.size(), kind), '\0');
    encode_into(out.data(), bytes, kind);
    return out;
}

void base64_append(secret_text& out, byte_view bytes, base64 kind) {
    auto const before = out.size();
    out.resize(before + encoded_len(bytes.size(), kind));
    encode_into(out.data() + before, bytes, kind);
}

result<std::vector<std::uint8_t>> base64_decode(std::string_view text, base64 kind) {
    std::vector<std::uint8_t> out;
    if (auto s = decode_into(text, kind, out); !s) return std::unexpected(std::move(s).error());
    return out;
}

result<secret_text> base64_decode_secret(std::string_view text, base64 kind) {
    secret_text out;
    secret_sink sink{out};
    if (auto s = decode_into(text, kind, sink); !s) return std::unexpected(std::move(s).error());
    return out;
}

std::string hex_encode(byte_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (auto const b : bytes) {
        out.push_back(digits[b >> 4]);
        out.push_back(digits[b & 15]);
    }
    return out;
}

status hex_decode(std::string_view text, byte_span out) {
    if (text.size() != out.size() * 2) return fail(errc::invalid, "expected {} hex characters, got {}", out.size() * 2, text.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        int const high = hex_digit(text[2 * i]);
        int const low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return fail(errc::invalid, "not a hex character near offset {}", 2 * i);
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return {};
}

std::string printable(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return out;
}

}  // namespace vsecm::base
