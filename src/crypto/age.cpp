#include "crypto/age.hpp"

#include "base/check.hpp"
#include "base/try.hpp"
#include "crypto/aead.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/age_format.hpp"
#include "crypto/random.hpp"

#include <algorithm>
#include <utility>

namespace vsecm::crypto {

using namespace base;

namespace {

// One chunk even for nothing, and no empty chunk after a full one.
std::size_t num_chunks(std::size_t len, std::size_t chunk_len) { return len == 0 ? 1 : (len + chunk_len - 1) / chunk_len; }

template <class Bytes>
Bytes random_bytes() {
    Bytes bytes;
    random_fill(bytes);
    return bytes;
}

stack_key<age_file_key_len> new_file_key() {
    stack_key<age_file_key_len> key;
    random_fill(key.span());
    return key;
}

result<secret_text> decrypt_binary(std::span<age_identity const> identities, byte_view file, std::size_t max_len) {
    VSECM_TRY(header, parse_age_header(file));
    VSECM_TRY(file_key, unwrap_age_file_key(header, file, identities));
    auto payload = file.subspan(header.len);
    if (payload.size() < age_nonce_len) return fail(errc::corrupt, "age header: the nonce after it is cut short");
    age_stream_key key(file_key.view(), payload.first(age_nonce_len));
    payload = payload.subspan(age_nonce_len);

    auto const chunks = num_chunks(payload.size(), age_sealed_chunk_len);
    // The last chunk has at least its tag; without this the lengths below would not add up.
    if (payload.size() < (chunks - 1) * age_sealed_chunk_len + aead_tag_len) return fail(errc::corrupt, "age payload is cut short");
    auto const overhead = chunks * aead_tag_len;
    if (payload.size() - overhead > max_len) return fail(errc::too_large, "age file holds more than {} bytes", max_len);
    secret_text plain;
    plain.resize(payload.size() - overhead);
    auto out = plain.span();
    while (payload.size() > age_sealed_chunk_len) {
        VSECM_TRY_OK(key.open(age_chunk::more, payload.first(age_sealed_chunk_len), out.first(age_chunk_len)));
        payload = payload.subspan(age_sealed_chunk_len);
        out = out.subspan(age_chunk_len);
    }
    VSECM_TRY_OK(key.open(age_chunk::last, payload, out));
    return plain;
}

result<std::vector<std::uint8_t>> read_ahead(byte_source& in) {
    std::vector<std::uint8_t> ahead(age_header_max_len + 1);  // one more, so that the parser sees a header that is too long
    VSECM_TRY(n, read_fully(in, ahead));
    ahead.resize(n);
    return ahead;
}

}  // namespace

age_opening::age_opening(std::span<age_recipient const> recipients)
    : age_opening(recipients, new_file_key(), random_bytes<std::array<std::uint8_t, age_nonce_len>>()) {}

age_opening::age_opening(std::span<age_recipient const> recipients, stack_key<age_file_key_len> const& file_key,
                         std::array<std::uint8_t, age_nonce_len> const& nonce)
    : before_(make_age_header(recipients, file_key.view())), key_(file_key.view(), nonce) {
    before_ += as_text(nonce);
}

std::vector<std::uint8_t> age_encrypt(age_recipient const& recipient, byte_view plain) {
    return age_encrypt(std::span(&recipient, 1), plain);
}

std::vector<std::uint8_t> age_encrypt(std::span<age_recipient const> recipients, byte_view plain) {
    return age_encrypt(age_opening(recipients), plain);
}

std::vector<std::uint8_t> age_encrypt(age_opening opening, byte_view plain) {
    VSECM_CHECK(!opening.before_.empty());  // moved from: its key was used
    std::vector<std::uint8_t> file;
    file.reserve(opening.before_.size() + plain.size() + num_chunks(plain.size(), age_chunk_len) * aead_tag_len);
    auto const before = as_bytes(opening.before_);
    file.insert(file.end(), before.begin(), before.end());
    auto const emit = [&](age_chunk kind, byte_view chunk) {
        auto const at = file.size();
        file.resize(at + chunk.size() + aead_tag_len);
        opening.key_.seal(kind, chunk, byte_span(file).subspan(at));
    };
    for (; plain.size() > age_chunk_len; plain = plain.subspan(age_chunk_len)) emit(age_chunk::more, plain.first(age_chunk_len));
    emit(age_chunk::last, plain);
    return file;
}

result<secret_text> age_decrypt(age_identity const& identity, byte_view file, std::size_t max_len) {
    return age_decrypt(std::span(&identity, 1), file, max_len);
}

result<secret_text> age_decrypt(std::span<age_identity const> identities, byte_view file, std::size_t max_len) {
    if (!looks_armored(file)) return decrypt_binary(identities, file, max_len);
    VSECM_TRY(binary, age_armor_decode(file));
    return decrypt_binary(identities, binary, max_len);
}

result<age_writer> age_writer::start(std::span<age_recipient const> recipients, byte_sink out) {
    age_opening const opening(recipients);
    VSECM_TRY_OK(out(as_bytes(opening.before_)));
    return age_writer(std::move(out), opening.key_);
}

status age_writer::emit(age_chunk kind, byte_view plain) {
    sealed_.resize(plain.size() + aead_tag_len);
    key_.seal(kind, plain, sealed_);
    return out_(sealed_);
}

// A full chunk waits until there is more, because only then is it known not to be the last.
status age_writer::write(byte_view plain) {
    while (!plain.empty()) {
        if (pending_.size() == age_chunk_len) {
            VSECM_TRY_OK(emit(age_chunk::more, pending_.bytes()));
            pending_.clear();
        }
        if (pending_.empty()) pending_.reserve(age_chunk_len);
        auto const n = std::min(plain.size(), age_chunk_len - pending_.size());
        pending_.append(plain.first(n));
        plain = plain.subspan(n);
    }
    return {};
}

status age_writer::finish() {
    auto done = emit(age_chunk::last, pending_.bytes());
    pending_.clear();
    return done;
}

age_reader::age_reader(byte_source in, age_stream_key key) : in_(std::move(in)), key_(key), sealed_(age_sealed_chunk_len) {}

result<age_reader> age_reader::start(std::span<age_identity const> identities, byte_source in) {
    VSECM_TRY(ahead, read_ahead(in));
    if (looks_armored(ahead)) {
        in = age_armor_source(chained_source(std::move(ahead), std::move(in)));
        VSECM_TRY(inner, read_ahead(in));
        ahead = std::move(inner);
    }
    VSECM_TRY(header, parse_age_header(ahead));
    VSECM_TRY(file_key, unwrap_age_file_key(header, ahead, identities));
    ahead.erase(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(header.len));
    in = chained_source(std::move(ahead), std::move(in));
    std::array<std::uint8_t, age_nonce_len> nonce;
    VSECM_TRY(n, read_fully(in, nonce));
    if (n != nonce.size()) return fail(errc::corrupt, "age header: the nonce after it is cut short");
    return age_reader(std::move(in), age_stream_key(file_key.view(), nonce));
}

// A full chunk may or may not be the last: it is tried as either, and an authentic one is given out before what follows it
// is known, as the reference does.
result<byte_view> age_reader::next() {
    if (state_ == state::ended) return byte_view{};
    if (state_ == state::failed) return fail(errc::corrupt, "age payload: read on after an error");
    auto const was = std::exchange(state_, state::failed);  // until this chunk proves good
    VSECM_TRY(n, read_fully(in_, sealed_));
    if (was == state::after_last) {
        if (n != 0) return fail(errc::corrupt, "age payload goes on after its last chunk");
        state_ = state::ended;
        return byte_view{};
    }
    auto const chunk = byte_view(sealed_).first(n);
    plain_.resize(std::max(n, aead_tag_len) - aead_tag_len);
    bool const full = n == sealed_.size();
    if (full && key_.open(age_chunk::more, chunk, plain_.span())) {
        state_ = state::reading;
    } else {
        VSECM_TRY_OK(key_.open(age_chunk::last, chunk, plain_.span()));
        state_ = full ? state::after_last : state::ended;  // a short read was the end of the source already
    }
    return plain_.bytes();
}

}  // namespace vsecm::crypto
