#include "base/secure_buffer.hpp"

#include "base/check.hpp"

#include <sodium.h>

#include <cstring>
#include <new>
#include <utility>

namespace vsecm::base {

secure_buffer::secure_buffer(std::size_t len) : len_(len), capacity_(len) {
    if (len == 0) return;
    data_ = static_cast<std::uint8_t*>(sodium_malloc(len));
    if (data_ == nullptr) throw std::bad_alloc();
    std::memset(data_, 0, len);
}

secure_buffer::secure_buffer(byte_view copied_from) : secure_buffer(copied_from.size()) {
    if (len_ != 0) std::memcpy(data_, copied_from.data(), len_);
}

secure_buffer::secure_buffer(secure_buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), len_(std::exchange(other.len_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}

secure_buffer& secure_buffer::operator=(secure_buffer&& other) noexcept {
    if (this != &other) {
        sodium_free(data_);
        data_ = std::exchange(other.data_, nullptr);
        len_ = std::exchange(other.len_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
}

secure_buffer::~secure_buffer() { sodium_free(data_); }

void secure_buffer::truncate(std::size_t len) noexcept {
    VSECM_CHECK(len <= len_);
    wipe(data_ + len, len_ - len);
    len_ = len;
}

}  // namespace vsecm::base
