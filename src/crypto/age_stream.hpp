// The age payload: 64 KiB chunks of ChaCha20-Poly1305 in the STREAM construction. C2SP age.md, "Payload".
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"
#include "crypto/stack_key.hpp"

#include <functional>
#include <vector>

namespace vsecm::crypto {

inline constexpr std::size_t age_chunk_len = 64 * 1024;
inline constexpr std::size_t age_sealed_chunk_len = age_chunk_len + 16;
inline constexpr std::size_t age_nonce_len = 16;

// Where bytes go, and where they come from. A source fills as much of the span as it has, and gives 0
// at the end only, however often it is asked then.
using byte_sink = std::move_only_function<base::status(base::byte_view)>;
using byte_source = std::move_only_function<base::result<std::size_t>(base::byte_span)>;

// Reads until `out` is full or the source ends; gives the number of bytes.
base::result<std::size_t> read_fully(byte_source& source, base::byte_span out);
// A source over memory, which must outlive it.
byte_source memory_source(base::byte_view bytes);
// What was already read, then the rest.
byte_source chained_source(std::vector<std::uint8_t> first, byte_source rest);

enum class age_chunk { more, last };

// Seals or opens the chunks of one payload, in order. Not thread-safe; movable.
class age_stream_key {
public:
    age_stream_key(base::byte_view file_key, base::byte_view nonce);
    // `out` is plain.size() + 16 bytes; a `more` chunk must be full.
    void seal(age_chunk kind, base::byte_view plain, base::byte_span out);
    // errc::corrupt, beginning "age payload", if it is not authentic or breaks a rule. `out` is sealed.size() - 16.
    // After an error the same chunk may be tried as the other kind.
    base::status open(age_chunk kind, base::byte_view sealed, base::byte_span out);

private:
    std::array<std::uint8_t, 12> nonce_for(age_chunk kind) const noexcept;
    stack_key<32> key_;
    std::uint64_t counter_ = 0;
};

}  // namespace vsecm::crypto
