// The age v1 header: strict parse, print, and wrapping of the file key. C2SP age.md, "Header".
#pragma once

#include "crypto/age_keys.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/stack_key.hpp"

#include <span>
#include <string>
#include <vector>

namespace vsecm::crypto {

inline constexpr std::size_t age_header_max_len = 64 * 1024;
inline constexpr std::size_t age_max_stanzas = 1000;
inline constexpr std::size_t age_file_key_len = 16;

struct age_stanza {
    std::vector<std::string> args;  // args[0] is the type
    std::vector<std::uint8_t> body;
};

struct age_header {
    std::vector<age_stanza> stanzas;  // at least one
    digest256 mac;
    std::size_t mac_covers = 0;  // the MAC is over the file's first so many bytes (up to and including "---")
    std::size_t len = 0;         // the payload's nonce begins here
};

// True if the bytes begin as a binary age file of whatever version does.
bool looks_like_age(base::byte_view file) noexcept;

// Parses the header at the front of `file`. Every error is errc::corrupt and begins "age header"; one exception is an
// unknown version of age, errc::unsupported.
base::result<age_header> parse_age_header(base::byte_view file);

// The whole header, MAC included, that gives `file_key` to each recipient. At least one recipient.
std::string make_age_header(std::span<age_recipient const> recipients, base::byte_view file_key);

// The file key, after the header's MAC was checked. errc::no_match if none of the identities is meant; errc::corrupt if
// a stanza is malformed or the MAC ("age header MAC …") does not fit.
base::result<stack_key<age_file_key_len>> unwrap_age_file_key(age_header const& header, base::byte_view file,
                                                              std::span<age_identity const> identities);

}  // namespace vsecm::crypto
