// Growable bytes or text on the ordinary heap, wiped when released or when they move to a larger block.
#pragma once

#include "base/bytes.hpp"
#include "base/wiping_allocator.hpp"

#include <string_view>
#include <vector>

namespace vsecm::base {

// The carrier of secret values in transit (request bodies, JSON, file contents). Not std::string: the short-string
// buffer would escape the wipe. There is no operator<<. Copying is explicit, by clone().
class secret_text {
public:
    secret_text() = default;
    explicit secret_text(std::string_view text) : bytes_(text.begin(), text.end()) {}
    explicit secret_text(byte_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
    secret_text(secret_text&&) noexcept = default;
    secret_text& operator=(secret_text&&) noexcept = default;
    secret_text(secret_text const&) = delete;
    secret_text& operator=(secret_text const&) = delete;

    secret_text clone() const { return secret_text(view()); }
    std::string_view view() const noexcept { return {bytes_.data(), bytes_.size()}; }
    byte_view bytes() const noexcept { return as_bytes(view()); }
    byte_span span() noexcept { return {reinterpret_cast<std::uint8_t*>(bytes_.data()), bytes_.size()}; }
    char* data() noexcept { return bytes_.data(); }
    std::size_t size() const noexcept { return bytes_.size(); }
    bool empty() const noexcept { return bytes_.empty(); }
    void reserve(std::size_t len) { bytes_.reserve(len); }
    void resize(std::size_t len) {
        if (len < bytes_.size()) wipe(bytes_.data() + len, bytes_.size() - len);
        bytes_.resize(len);
    }
    void clear() { resize(0); }
    void append(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
    void append(byte_view bytes) { append(as_text(bytes)); }
    void push_back(char c) { bytes_.push_back(c); }

private:
    std::vector<char, wiping_allocator<char>> bytes_;
};

}  // namespace vsecm::base
