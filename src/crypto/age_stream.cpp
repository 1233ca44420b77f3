#include "crypto/age_stream.hpp"

#include "base/check.hpp"
#include "base/try.hpp"
#include "crypto/aead.hpp"
#include "crypto/hkdf.hpp"

#include <algorithm>
#include <cstring>

namespace vsecm::crypto {

using namespace base;

result<std::size_t> read_fully(byte_source& source, byte_span out) {
    std::size_t len = 0;
    while (len < out.size()) {
        VSECM_TRY(n, source(out.subspan(len)));
        if (n == 0) break;
        len += n;
    }
    return len;
}

byte_source memory_source(byte_view bytes) {
    return [bytes](byte_span out) mutable -> result<std::size_t> {
        auto const n = std::min(out.size(), bytes.size());
        if (n != 0) std::memcpy(out.data(), bytes.data(), n);
        bytes = bytes.subspan(n);
        return n;
    };
}

byte_source chained_source(std::vector<std::uint8_t> first, byte_source rest) {
    return [first = std::move(first), pos = std::size_t{0}, rest = std::move(rest)](byte_span out) mutable -> result<std::size_t> {
        if (pos == first.size()) return rest(out);
        auto const n = std::min(out.size(), first.size() - pos);
        std::memcpy(out.data(), first.data() + pos, n);
        pos += n;
        return n;
    };
}

age_stream_key::age_stream_key(byte_view file_key, byte_view nonce) {
    VSECM_CHECK(nonce.size() == age_nonce_len);
    hkdf_sha256(file_key, nonce, as_bytes("payload"), key_.span());
}

// An 11-byte big-endian counter, of which 64 bits are enough for 2^80 bytes, and a byte that marks the last chunk.
std::array<std::uint8_t, 12> age_stream_key::nonce_for(age_chunk kind) const noexcept {
    std::array<std::uint8_t, 12> nonce{};
    for (unsigned i = 0; i < 8; ++i) nonce[10 - i] = static_cast<std::uint8_t>(counter_ >> 8 * i);
    nonce[11] = kind == age_chunk::last ? 1 : 0;
    return nonce;
}

void age_stream_key::seal(age_chunk kind, byte_view plain, byte_span out) {
    VSECM_CHECK(plain.size() <= age_chunk_len && (kind == age_chunk::last || plain.size() == age_chunk_len));
    chacha20_poly1305_seal(key_.view(), nonce_for(kind), {}, plain, out);
    ++counter_;
}

status age_stream_key::open(age_chunk kind, byte_view sealed, byte_span out) {
    if (sealed.size() < aead_tag_len) return fail(errc::corrupt, "age payload is cut short in chunk {}", counter_);
    if (sealed.size() == aead_tag_len && counter_ != 0) return fail(errc::corrupt, "age payload ends in an empty chunk");
    if (!chacha20_poly1305_open(key_.view(), nonce_for(kind), {}, sealed, out))
        return fail(errc::corrupt, "age payload fails authentication in chunk {}: changed or cut short", counter_);
    ++counter_;
    return {};
}

}  // namespace vsecm::crypto
