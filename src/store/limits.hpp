// Limits of what the store reads back.
#pragma once

#include <cstddef>

namespace vsecm::store {

// No record of ours comes near: a request's body is limited to far less. A larger file is damaged, not read.
inline constexpr std::size_t max_record_len = 64U << 20;

}  // namespace vsecm::store
