#include "base/bytes.hpp"

#include <sodium.h>

namespace vsecm::base {

bool equal_constant_time(byte_view a, byte_view b) noexcept {
    return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

void wipe(void* memory, std::size_t len) noexcept {
    if (len != 0) sodium_memzero(memory, len);
}

}  // namespace vsecm::base
