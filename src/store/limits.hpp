// Limits of what the store reads back and keeps.
#pragma once

#include <cstddef>

namespace vsecm::store {

// A larger file is damaged, not read.
inline constexpr std::size_t max_record_len = 64U << 20;

// The JSON of a record as it is written, so that its ciphertext stays well below that: a body is limited to far less, but
// values can be appended one by one, and each is there three times, escaped.
inline constexpr std::size_t max_record_text_len = 60U << 20;

// What the writer takes of all that waits, and so of one request: its values, and what is to be delivered of them.
inline constexpr std::size_t max_waiting_len = 64U << 20;

// Names whose deletion is remembered: some 60 MB of memory and a second of loading, if all are there. Beyond, the oldest
// tenth is forgotten, with the versions kept of it.
inline constexpr std::size_t max_tombstones = 20'000;

// Namespaces of one name that wait for what was made of it there to go.
inline constexpr std::size_t max_leaving = 1000;

}  // namespace vsecm::store
