// Text on its way out, in wiping memory and never longer than agreed.
#pragma once

#include "base/secret_text.hpp"
#include "gotmpl/unicode.hpp"

#include <cstdint>
#include <limits>

namespace vsecm::gotmpl {

// What does not fit is dropped, and so is all that follows: whoever handed out the sink asks `overflowed` once at the end,
// instead of every writer at every byte.
class text_sink {
public:
    explicit text_sink(std::size_t limit, std::uint64_t max_toil = std::numeric_limits<std::uint64_t>::max())
        : limit_(limit), max_toil_(max_toil) {}

    // Counts digits, or bytes, that had to be made or looked at though they may never be seen in the text. Too many are an
    // overflow too.
    void toil(std::size_t num) noexcept {
        toil_ += num;
        overflowed_ = overflowed_ || toil_ > max_toil_;
    }
    std::uint64_t toil() const noexcept { return toil_; }

    void write(std::string_view text) {
        if (fits(text.size())) text_.append(text);
    }
    void write(char c) { fill(1, c); }
    void write(text_sink const& part) {
        if (part.overflowed_) overflowed_ = true;
        else write(part.view());
    }
    void write_rune(char32_t code) { write(utf8_bytes(code).view()); }
    void fill(std::size_t num, char c) {
        if (fits(num))
            for (; num > 0; --num) text_.push_back(c);
    }

    std::size_t room() const noexcept { return limit_ - text_.size(); }
    bool overflowed() const noexcept { return overflowed_; }
    std::string_view view() const noexcept { return text_.view(); }
    base::secret_text take() && { return std::move(text_); }

private:
    bool fits(std::size_t len) noexcept {
        overflowed_ = overflowed_ || len > room();
        return !overflowed_;
    }

    base::secret_text text_;
    std::size_t limit_;
    std::uint64_t toil_ = 0, max_toil_;
    bool overflowed_ = false;
};

}  // namespace vsecm::gotmpl
