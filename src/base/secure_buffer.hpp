// Guarded memory for keys and opened values: locked where allowed, between guard pages, wiped on release.
#pragma once

#include "base/bytes.hpp"

namespace vsecm::base {

// Move-only owner of a fixed number of bytes from sodium_malloc. There is no operator<< and no conversion to string.
// For few and short-lived things: sodium_malloc fails near 16,000 live blocks at the kernel's default map limit.
// Construction throws std::bad_alloc if the memory cannot be had. A moved-from buffer is empty.
class secure_buffer {
public:
    secure_buffer() noexcept = default;
    explicit secure_buffer(std::size_t len);        // zeroed
    explicit secure_buffer(byte_view copied_from);  // the source is the caller's to wipe
    secure_buffer(secure_buffer&& other) noexcept;
    secure_buffer& operator=(secure_buffer&& other) noexcept;
    secure_buffer(secure_buffer const&) = delete;
    secure_buffer& operator=(secure_buffer const&) = delete;
    ~secure_buffer();

    std::uint8_t* data() noexcept { return data_; }
    std::uint8_t const* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return len_; }
    bool empty() const noexcept { return len_ == 0; }
    byte_view view() const noexcept { return {data_, len_}; }
    byte_span span() noexcept { return {data_, len_}; }
    secure_buffer clone() const { return secure_buffer(view()); }
    // Shortens without reallocating; the cut bytes are wiped. `len` must not exceed size().
    void truncate(std::size_t len) noexcept;

private:
    std::uint8_t* data_ = nullptr;
    std::size_t len_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace vsecm::base
