#include "crypto/root_key.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/random.hpp"

namespace vsecm::crypto {

using namespace base;

namespace {

constexpr std::size_t seed_len = 32;
constexpr std::size_t max_text_len = 256 * 1024;
constexpr std::string_view white_space = " \t\r\n\v\f";

std::string_view trim(std::string_view text) {
    auto const first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

// Lines without white space around them; a view into `text`.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    for (;;) {
        auto const end = text.find('\n');
        lines.push_back(trim(text.substr(0, end)));
        if (end == std::string_view::npos) return lines;
        text.remove_prefix(end + 1);
    }
}

result<secure_buffer> parse_seed(std::string_view hex) {
    secure_buffer seed(seed_len);
    if (auto decoded = hex_decode(hex, seed.span()); !decoded) return pass(std::move(decoded), "not an AES seed");
    return seed;
}

bool looks_like_seed(std::string_view line) {
    return line.size() == 2 * seed_len && line.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

status add_lines(key_ring& ring, std::span<std::string_view const> lines, std::size_t first_number, std::vector<std::string>* passed_over) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const line = lines[i];
        if (line.empty() || line.starts_with('#') || line.starts_with("age1")) continue;
        auto const where = std::format("line {}", first_number + i);
        if (looks_like_seed(line)) {
            VSECM_TRY(seed, parse_seed(line));
            ring.add(std::move(seed));
        } else {
            auto identity = age_identity::parse(line);
            if (!identity) {
                auto said = std::move(identity).error().within(where);
                if (passed_over == nullptr) return std::unexpected(std::move(said));
                passed_over->push_back(std::move(said.what));
                continue;
            }
            ring.add(*std::move(identity));
        }
    }
    return {};
}

void append_hex(secret_text& out, byte_view bytes) {
    for (auto const b : bytes)
        for (auto const nibble : {b >> 4, b & 15}) out.push_back("0123456789abcdef"[nibble]);
}

result<key_ring> parse_current(std::string_view identity_text, std::string_view recipient_text, std::string_view seed_text) {
    VSECM_TRY(identity, age_identity::parse(identity_text));
    VSECM_TRY(recipient, age_recipient::parse(recipient_text));
    // The original encrypts to line 2 and decrypts with line 1: with a mixed-up pair nothing could ever be read again.
    if (recipient != identity.recipient())
        return fail(errc::invalid, "root key: the public key {} is not the one of the secret key, {}", recipient.id(), identity.recipient().id());
    VSECM_TRY(seed, parse_seed(seed_text));
    key_ring ring;
    ring.add(std::move(identity));
    ring.add(std::move(seed));
    return ring;
}

}  // namespace

result<key_ring> key_ring::parse(std::string_view text, std::vector<std::string>* passed_over) {
    if (text.size() > max_text_len) return fail(errc::too_large, "root key text is longer than {} bytes", max_text_len);
    key_ring ring;
    VSECM_TRY_OK(add_lines(ring, lines_of(text), 1, passed_over));
    if (ring.identities_.empty() && ring.seeds_.empty()) return fail(errc::invalid, "no key: neither an AGE-SECRET-KEY-1 line nor 64 hex characters");
    return ring;
}

root_key root_key::generate() {
    key_ring ring;
    ring.add(age_identity::generate());
    ring.add(random_key(seed_len));
    return root_key(std::move(ring));
}

result<root_key> root_key::parse(std::string_view text) {
    if (text.size() > max_text_len) return fail(errc::too_large, "root key text is longer than {} bytes", max_text_len);
    auto const lines = lines_of(trim(text));
    if (lines.size() < 3) return fail(errc::invalid, "a root key has three lines, this has {}", trim(text).empty() ? 0 : lines.size());
    VSECM_TRY(ring, parse_current(lines[0], lines[1], lines[2]));
    root_key key(std::move(ring));
    bool after_identity = false;
    for (std::size_t i = 3; i < lines.size(); ++i) VSECM_TRY_OK(key.add_line(lines[i], i + 1, after_identity));
    return key;
}

result<root_key> root_key::from_parts(std::string_view identity, std::string_view recipient, std::string_view aes_seed,
                                      std::span<secret_text const> older) {
    VSECM_TRY(ring, parse_current(trim(identity), trim(recipient), trim(aes_seed)));
    root_key key(std::move(ring));
    bool after_identity = false;
    for (std::size_t i = 0; i < older.size(); ++i) VSECM_TRY_OK(key.add_line(trim(older[i].view()), i + 4, after_identity));
    return key;
}

// A seed belongs to the identity in the line before; what is between them, a recipient or a remark, does not part them.
status root_key::add_line(std::string_view line, std::size_t number, bool& after_identity) {
    auto const num_identities = ring_.identities().size(), num_seeds = ring_.aes_seeds().size();
    VSECM_TRY_OK(add_lines(ring_, std::span(&line, 1), number, nullptr));
    if (ring_.identities().size() > num_identities) {
        older_.push_back({num_identities, std::nullopt});
        after_identity = true;
    } else if (ring_.aes_seeds().size() > num_seeds) {
        if (!after_identity) older_.emplace_back();
        older_.back().seed = num_seeds;
        after_identity = false;
    }
    return {};
}

std::string root_key::id_of(older_key const& which) const {
    if (which.identity) return identities()[*which.identity].recipient().id();
    return hex_encode(aes_gcm_key_id(aes_gcm_key_of(ring_.aes_seeds()[*which.seed].view()).view()));
}

std::vector<std::string> root_key::older_ids() const {
    std::vector<std::string> ids;
    for (auto const& one : older_) ids.push_back(id_of(one));
    return ids;
}

root_key root_key::alone() const {
    key_ring ring;
    ring.add(identities().front().clone());
    ring.add(ring_.aes_seeds().front().clone());
    return root_key(std::move(ring));
}

void root_key::add_older(root_key const& from, older_key const& which) {
    older_key mine;
    if (which.identity) {
        mine.identity = ring_.identities().size();
        ring_.add(from.identities()[*which.identity].clone());
    }
    if (which.seed) {
        mine.seed = ring_.aes_seeds().size();
        ring_.add(from.ring_.aes_seeds()[*which.seed].clone());
    }
    older_.push_back(mine);
}

root_key root_key::in_place_of(root_key const& before) const {
    auto next = alone();
    next.add_older(before, {0, 0});
    for (auto const& one : before.older_) {
        bool const same_seed = !one.seed || base::equal_constant_time(before.ring_.aes_seeds()[*one.seed].view(), aes_key());
        if (before.id_of(one) != id() || !same_seed) next.add_older(before, one);
    }
    return next;
}

result<root_key> root_key::without(std::string_view older_id) const {
    auto rest = alone();
    for (auto const& one : older_)
        if (id_of(one) != older_id) rest.add_older(*this, one);
    if (rest.older_.size() == older_.size()) return fail(errc::not_found, "there is no replaced root key {}", printable(older_id));
    return rest;
}

secret_text root_key::print() const {
    secret_text out;
    out.reserve(256 + 80 * (identities().size() + ring_.aes_seeds().size()));
    out.append(identities().front().print().view());
    out.push_back('\n');
    out.append(recipient().print());
    out.push_back('\n');
    append_hex(out, aes_key());
    for (auto const& one : older_) {
        if (one.identity) {
            out.push_back('\n');
            out.append(identities()[*one.identity].print().view());
        }
        if (one.seed) {
            out.push_back('\n');
            append_hex(out, ring_.aes_seeds()[*one.seed].view());
        }
    }
    return out;
}

secure_buffer root_key::derive(std::string_view label) const {
    secure_buffer out(32);
    hkdf_sha256(aes_key(), {}, as_bytes("vsecm/" + std::string(label)), out.span());
    return out;
}

secure_buffer aes_gcm_key_of(byte_view aes_seed) {
    secure_buffer out(32);
    hkdf_sha256(aes_seed, {}, as_bytes("vsecm/aes-256-gcm"), out.span());
    return out;
}

}  // namespace vsecm::crypto
