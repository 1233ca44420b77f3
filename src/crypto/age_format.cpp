#include "crypto/age_format.hpp"

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "crypto/aead.hpp"
#include "crypto/random.hpp"
#include "crypto/x25519.hpp"

#include <algorithm>

namespace vsecm::crypto {

using namespace base;

namespace {

constexpr std::string_view magic = "age-encryption.org/";
constexpr std::string_view version_line = "age-encryption.org/v1\n";
constexpr std::string_view x25519_info = "age-encryption.org/v1/X25519";
constexpr std::size_t columns = 64;
constexpr std::size_t wrapped_key_len = age_file_key_len + aead_tag_len;
constexpr std::array<std::uint8_t, aead_nonce_len> zero_nonce{};  // each wrap key is used once

std::unexpected<error> bad(std::string_view why) { return fail(errc::corrupt, "age header: {}", why); }

// Walks the header line by line, never beyond its size limit.
class line_reader {
public:
    explicit line_reader(std::string_view text) : text_(text.substr(0, age_header_max_len)), limited_(text.size() > age_header_max_len) {}

    bool at(std::string_view what) const { return text_.substr(pos_).starts_with(what); }
    std::size_t pos() const { return pos_; }
    result<std::string_view> next() {
        auto const end = text_.find('\n', pos_);
        if (end == std::string_view::npos) return limited_ ? bad("longer than 64 KiB") : bad("cut short");
        auto const line = text_.substr(pos_, end - pos_);
        pos_ = end + 1;
        return line;
    }
    void skip(std::size_t len) { pos_ += len; }

private:
    std::string_view text_;
    bool limited_;
    std::size_t pos_ = 0;
};

// "-> " argument (SP argument)*
result<std::vector<std::string>> parse_arguments(std::string_view line) {
    if (!line.starts_with("-> ")) return bad("a stanza must begin with `-> `");
    line.remove_prefix(3);
    std::vector<std::string> args;
    for (;;) {
        auto const arg = line.substr(0, line.find(' '));
        if (arg.empty()) return bad("empty stanza argument");
        if (!std::ranges::all_of(arg, [](char c) { return c >= 0x21 && c <= 0x7e; })) return bad("unprintable character in a stanza");
        args.emplace_back(arg);
        if (arg.size() == line.size()) return args;
        line.remove_prefix(arg.size() + 1);
    }
}

// Full lines of 64, then one shorter, which is there even when it is empty.
result<std::vector<std::uint8_t>> parse_body(line_reader& lines) {
    std::vector<std::uint8_t> body;
    for (;;) {
        VSECM_TRY(line, lines.next());
        if (line.size() > columns) return bad("stanza line longer than 64 characters");
        auto piece = base64_decode(line, base64::unpadded);
        if (!piece) return bad("stanza body is not canonical base64");
        body.insert(body.end(), piece->begin(), piece->end());
        if (line.size() < columns) return body;
    }
}

// C2SP age.md: an scrypt stanza must stand alone, or a file could be opened by whoever knows the passphrase although it
// looks like one for keys only. We cannot open scrypt, and still refuse to open the others beside it.
status check_scrypt_alone(age_header const& header) {
    auto const is_scrypt = [](age_stanza const& s) { return s.args.front() == "scrypt"; };
    if (header.stanzas.size() > 1 && std::ranges::any_of(header.stanzas, is_scrypt)) return bad("a passphrase stanza is not alone");
    return {};
}

digest256 header_mac(byte_view file_key, byte_view covered) {
    stack_key<32> mac_key;
    hkdf_sha256(file_key, {}, as_bytes("header"), mac_key.span());
    return hmac_sha256(mac_key.view(), covered);
}

// The key that wraps the file key for one recipient.
stack_key<32> wrap_key(byte_view shared, byte_view share, byte_view recipient) {
    std::array<std::uint8_t, 2 * x25519_len> salt;
    std::ranges::copy(share, salt.begin());
    std::ranges::copy(recipient, salt.begin() + x25519_len);
    stack_key<32> key;
    hkdf_sha256(shared, salt, as_bytes(x25519_info), key.span());
    return key;
}

// The file key; errc::no_match if the stanza is not for this identity; errc::corrupt ends the search.
result<stack_key<age_file_key_len>> unwrap(age_stanza const& stanza, age_identity const& identity) {
    if (stanza.args.front() != "X25519") return fail(errc::no_match, "not an X25519 stanza");
    if (stanza.args.size() != 2) return bad("an X25519 stanza has one argument");
    auto share = base64_decode(stanza.args[1], base64::unpadded);
    if (!share || share->size() != x25519_len) return bad("the X25519 share is not 32 bytes of canonical base64");
    if (stanza.body.size() != wrapped_key_len) return bad("the wrapped file key is not 32 bytes");
    stack_key<x25519_len> shared;
    if (!x25519_shared(identity.secret(), *share, shared.span())) return bad("the X25519 share is a point of low order");
    auto const key = wrap_key(shared.view(), *share, identity.recipient().point());
    stack_key<age_file_key_len> file_key;
    if (!chacha20_poly1305_open(key.view(), zero_nonce, {}, stanza.body, file_key.span()))
        return fail(errc::no_match, "not for key {}", identity.recipient().id());
    return file_key;
}

void append_x25519_stanza(std::string& out, age_recipient const& recipient, byte_view file_key) {
    stack_key<x25519_len> ephemeral;
    random_fill(ephemeral.span());
    std::array<std::uint8_t, x25519_len> share;
    x25519_public(ephemeral.view(), share);
    stack_key<x25519_len> shared;
    // age_recipient::parse refuses points of low order, the only ones for which this fails.
    VSECM_CHECK(x25519_shared(ephemeral.view(), recipient.point(), shared.span()));
    auto const key = wrap_key(shared.view(), share, recipient.point());
    std::array<std::uint8_t, wrapped_key_len> wrapped;
    chacha20_poly1305_seal(key.view(), zero_nonce, {}, file_key, wrapped);
    out += "-> X25519 " + base64_encode(share, base64::unpadded) + "\n" + base64_encode(wrapped, base64::unpadded) + "\n";
}

}  // namespace

bool looks_like_age(byte_view file) noexcept { return as_text(file).starts_with(magic); }

result<age_header> parse_age_header(byte_view file) {
    line_reader lines(as_text(file));
    if (!lines.at(version_line)) {
        if (lines.at(magic) && as_text(file).substr(0, 64).contains('\n')) return fail(errc::unsupported, "age header: a version other than v1");
        return bad("not an age file");
    }
    lines.skip(version_line.size());

    age_header header;
    while (header.stanzas.empty() || !lines.at("---")) {
        if (header.stanzas.size() == age_max_stanzas) return bad("more than 1000 stanzas");
        VSECM_TRY(line, lines.next());
        VSECM_TRY(args, parse_arguments(line));
        VSECM_TRY(body, parse_body(lines));
        header.stanzas.push_back({std::move(args), std::move(body)});
    }
    header.mac_covers = lines.pos() + 3;
    VSECM_TRY(line, lines.next());
    if (!line.starts_with("--- ")) return bad("no MAC");
    auto mac = base64_decode(line.substr(4), base64::unpadded);
    if (!mac || mac->size() != header.mac.size()) return bad("the MAC is not 32 bytes of canonical base64");
    std::ranges::copy(*mac, header.mac.begin());
    header.len = lines.pos();
    VSECM_TRY_OK(check_scrypt_alone(header));
    return header;
}

std::string make_age_header(std::span<age_recipient const> recipients, byte_view file_key) {
    VSECM_CHECK(!recipients.empty() && recipients.size() <= age_max_stanzas);
    std::string out(version_line);
    for (auto const& recipient : recipients) append_x25519_stanza(out, recipient, file_key);
    out += "---";
    auto const mac = header_mac(file_key, as_bytes(out));
    return out + " " + base64_encode(mac, base64::unpadded) + "\n";
}

result<stack_key<age_file_key_len>> unwrap_age_file_key(age_header const& header, byte_view file, std::span<age_identity const> identities) {
    for (auto const& identity : identities) {
        for (auto const& stanza : header.stanzas) {
            auto file_key = unwrap(stanza, identity);
            if (!file_key && file_key.error().code == errc::no_match) continue;
            if (!file_key) return file_key;
            if (!equal_constant_time(header_mac(file_key->view(), file.first(header.mac_covers)), header.mac))
                return fail(errc::corrupt, "age header MAC does not fit: the header was changed");
            return file_key;
        }
    }
    return fail(errc::no_match, "age file is for none of the {} keys given", identities.size());
}

}  // namespace vsecm::crypto
