// Go's literals as a template writes them, read into values.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"
#include "gotmpl/value.hpp"

#include <optional>
#include <string_view>

namespace vsecm::gotmpl {

// strconv.ParseFloat for 64 bits: decimal or hexadecimal, underscores between digits. Nothing if it is not a number or
// beyond float64; too small for float64 is 0.
std::optional<double> parse_float(std::string_view text);

// strconv.ParseInt and ParseUint with base 0: the prefix says the base, a leading 0 alone says 8. Nothing if it is not a
// number or its magnitude is beyond uint64; whether it then fits into an int64 is for the caller to say.
struct whole_number {
    bool negative = false;
    std::uint64_t magnitude = 0;
};
std::optional<whole_number> parse_whole(std::string_view text);

// A text in "quotes" (escapes read) or `back quotes` (carriage returns dropped), quotes included.
base::result<base::secret_text> unquote(std::string_view literal);

// The literals below give the value Go computes with, and errc::invalid with Go's message. Nil stands for an integer
// between int64 and uint64, of which Go complains only when it is used.
base::result<value> parse_number(std::string_view literal);     // int, float64, or complex128 when it ends in i
base::result<value> parse_character(std::string_view literal);  // 'x', quotes included: an int
base::result<value> parse_complex(std::string_view literal);    // 1+2i

}  // namespace vsecm::gotmpl
