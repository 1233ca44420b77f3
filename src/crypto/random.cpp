#include "crypto/random.hpp"

#include <sodium.h>

namespace vsecm::crypto {

void random_fill(base::byte_span out) noexcept { randombytes_buf(out.data(), out.size()); }

base::secure_buffer random_key(std::size_t len) {
    base::secure_buffer key(len);
    random_fill(key.span());
    return key;
}

std::uint32_t random_below(std::uint32_t bound) noexcept { return randombytes_uniform(bound); }

}  // namespace vsecm::crypto
