// Short-lived key material on the stack, wiped when it goes out of scope: guarded pages cost four system calls each.
#pragma once

#include "base/bytes.hpp"

#include <array>

namespace vsecm::crypto {

template <std::size_t N>
class stack_key {
public:
    stack_key() noexcept : bytes_{} {}
    stack_key(stack_key const&) noexcept = default;  // every copy wipes itself
    stack_key& operator=(stack_key const&) noexcept = default;
    ~stack_key() { base::wipe(bytes_.data(), N); }

    base::byte_view view() const noexcept { return bytes_; }
    base::byte_span span() noexcept { return bytes_; }

private:
    std::array<std::uint8_t, N> bytes_;
};

}  // namespace vsecm::crypto
