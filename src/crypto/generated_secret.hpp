// A secret from a pattern, so that nobody, the operator included, ever knew it: `admin-[a-z0-9]{6}`.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <string_view>

namespace vsecm::crypto {

inline constexpr std::size_t max_generated_len = 64U << 10;  // of the pattern, and of what comes out of it

// Puts COUNT random characters in the place of each `[CLASS]{COUNT}`; all other text stays as it is, so that JSON with
// patterns inside is a pattern. A CLASS is made of letters and digits, ranges of them with both ends (`a-z`; in the order
// a-zA-Z0-9, so that `a-Z` is all letters), `\d` the digits, `\x` the symbols !@#$%^&*()-_+={}[]|<>,.?/ and `\w` all
// three; a backslash may be written twice, as JSON does. However often a class names a character, all have the same chance.
//
// errc::invalid, naming the column (from 1), for `[…]{` that is not of this form, for a range that runs backwards, and for
// a pattern without any class, which would be no secret; errc::too_large beyond max_generated_len. Thread-safe.
base::result<base::secret_text> generate_secret(std::string_view pattern);

}  // namespace vsecm::crypto
