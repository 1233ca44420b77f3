// Random bytes from the kernel, by way of libsodium.
#pragma once

#include "base/bytes.hpp"
#include "base/secure_buffer.hpp"

namespace vsecm::crypto {

// Fills `out` with unpredictable bytes. Never fails: without a kernel source the process stops. Thread-safe.
void random_fill(base::byte_span out) noexcept;

// `len` random bytes in guarded memory: a new key.
base::secure_buffer random_key(std::size_t len);

// A number below `bound`, each as likely as the next. `bound` must not be 0. Thread-safe.
std::uint32_t random_below(std::uint32_t bound) noexcept;

}  // namespace vsecm::crypto
