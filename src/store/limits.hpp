// Limits of what the store reads back.
#pragma once

#include <cstddef>

namespace vsecm::store {

// A larger file is damaged, not read.
inline constexpr std::size_t max_record_len = 64U << 20;

// The JSON of a record as it is written, so that its ciphertext stays well below that: a body is limited to far less, but
// values can be appended one by one, and each is there three times, escaped.
inline constexpr std::size_t max_record_text_len = 60U << 20;

}  // namespace vsecm::store
