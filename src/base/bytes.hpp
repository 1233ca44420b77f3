// Views of bytes, and the conversions between text and bytes. Nothing here owns memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vsecm::base {

using byte_view = std::span<std::uint8_t const>;
using byte_span = std::span<std::uint8_t>;

inline byte_view as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()};
}
inline std::string_view as_text(byte_view bytes) noexcept {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

// True if equal; the time taken depends on the lengths only. Different lengths are unequal at once.
bool equal_constant_time(byte_view a, byte_view b) noexcept;

// Overwrites memory in a way the optimiser may not remove.
void wipe(void* memory, std::size_t len) noexcept;

}  // namespace vsecm::base
