// The textual form of an age file: strict PEM with 64 columns. C2SP age.md, "ASCII armor".
#pragma once

#include "base/result.hpp"
#include "crypto/age_stream.hpp"

#include <string>
#include <vector>

namespace vsecm::crypto {

// True if the bytes, after white space, begin with a PEM line: such input is armor or an error, never binary.
bool looks_armored(base::byte_view file) noexcept;

std::string age_armor_encode(base::byte_view file);

// errc::corrupt, beginning "age armor", for anything that is not exactly one armored file (LF or CRLF lines, at most
// 1024 bytes of white space before and after).
base::result<std::vector<std::uint8_t>> age_armor_decode(base::byte_view text);

// The same for large files: wraps a source of armor into a source of the bytes in it.
byte_source age_armor_source(byte_source text);
// Wraps a sink: binary in, armor out. Call finish() once at the end.
class age_armor_writer {
public:
    explicit age_armor_writer(byte_sink out) : out_(std::move(out)) {}
    base::status write(base::byte_view bytes);
    base::status finish();

private:
    byte_sink out_;
    std::vector<std::uint8_t> line_;  // fewer than 48 bytes waiting
    bool begun_ = false;
};

}  // namespace vsecm::crypto
