#include "crypto/bech32.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <array>

namespace vsecm::crypto {

using namespace base;

namespace {

constexpr std::string_view alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t checksum_len = 6;
constexpr std::size_t max_len = 4096;

constexpr auto reverse = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
}();

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

// The running checksum of BIP-173, fed one 5-bit group at a time. It has no table look-ups, so secrets leave no trace in
// the cache.
class checksum {
public:
    explicit checksum(std::string_view hrp) {
        for (char const c : hrp) add(static_cast<unsigned char>(lower(c)) >> 5);
        add(0);
        for (char const c : hrp) add(static_cast<unsigned char>(lower(c)) & 31);
    }
    void add(unsigned value) {
        constexpr std::array<std::uint32_t, 5> generator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
        auto const top = state_ >> 25;
        state_ = (state_ & 0x1ffffff) << 5 ^ value;
        for (unsigned i = 0; i < generator.size(); ++i) state_ ^= generator[i] & (0U - (top >> i & 1U));
    }
    std::uint32_t state() const { return state_; }

private:
    std::uint32_t state_ = 1;
};

}  // namespace

secret_text bech32_encode(std::string_view hrp, byte_view bytes) {
    VSECM_CHECK(!hrp.empty() && !(std::ranges::any_of(hrp, is_lower) && std::ranges::any_of(hrp, is_upper)));
    secret_text out;
    out.reserve(hrp.size() + 1 + (bytes.size() * 8 + 4) / 5 + checksum_len);
    out.append(hrp);
    out.push_back('1');
    checksum sum(hrp);
    auto const emit = [&](unsigned group) {
        sum.add(group);
        out.push_back(alphabet[group]);
    };
    unsigned word = 0;
    int bits = 0;
    for (auto const b : bytes) {
        word = (word << 8 | b) & 0xfff;
        for (bits += 8; bits >= 5;) emit(word >> (bits -= 5) & 31);
    }
    if (bits > 0) emit(word << (5 - bits) & 31);
    for (std::size_t i = 0; i < checksum_len; ++i) sum.add(0);
    auto const final_state = sum.state() ^ 1;
    for (unsigned i = 0; i < checksum_len; ++i) out.push_back(alphabet[final_state >> (5 * (5 - i)) & 31]);
    if (std::ranges::any_of(hrp, is_upper)) std::ranges::transform(out.view(), out.data(), upper);
    return out;
}

result<bech32_text> bech32_decode(std::string_view text) {
    if (text.size() > max_len) return fail(errc::invalid, "bech32 text is longer than {} characters", max_len);
    if (std::ranges::any_of(text, is_lower) && std::ranges::any_of(text, is_upper)) return fail(errc::invalid, "bech32 text mixes cases");
    auto const separator = text.rfind('1');
    if (separator == std::string_view::npos || separator == 0) return fail(errc::invalid, "bech32 text has no prefix");
    auto const hrp = text.substr(0, separator);
    auto data = text.substr(separator + 1);
    if (data.size() < checksum_len) return fail(errc::invalid, "bech32 text is cut short");
    if (!std::ranges::all_of(hrp, [](char c) { return c >= 33 && c <= 126; }))
        return fail(errc::invalid, "bech32 prefix has an unprintable character");

    checksum sum(hrp);
    for (char const c : data) {
        auto const group = reverse[static_cast<unsigned char>(lower(c))];
        if (group < 0) return fail(errc::invalid, "not a bech32 character");
        sum.add(static_cast<unsigned>(group));
    }
    if (sum.state() != 1) return fail(errc::invalid, "bech32 checksum does not fit: a character is wrong or missing");

    data.remove_suffix(checksum_len);
    secret_text bytes;
    bytes.reserve(data.size() * 5 / 8);
    unsigned word = 0;
    int bits = 0;
    for (char const c : data) {
        word = (word << 5 | static_cast<unsigned>(reverse[static_cast<unsigned char>(lower(c))])) & 0xfff;
        if ((bits += 5) >= 8) bytes.push_back(static_cast<char>(word >> (bits -= 8) & 0xff));
    }
    if (bits >= 5 || (word & ((1U << bits) - 1)) != 0) return fail(errc::invalid, "bech32 padding is not zero");
    return bech32_text{std::string(hrp), std::move(bytes)};
}

}  // namespace vsecm::crypto
