// A float64 as text, as strconv.FormatFloat writes it.
#pragma once

#include "base/secret_text.hpp"

namespace vsecm::gotmpl {

constexpr int shortest = -1;  // as many digits as tell the number from its neighbours
// No float64 has more digits behind the point, nor more from its first one that is not zero: what is asked for beyond is zeros.
constexpr int longest_fraction = 1074;
constexpr int longest_number = 767;

// `verb`: e E (exponent) f (none) g G (whichever suits) b (binary exponent) x X (hexadecimal). `precision`: digits after the
// point, of g and G digits in all; not negative, or `shortest`, which e, E and f do not know. The number is finite.
base::secret_text float_text(double number, char verb, int precision);

}  // namespace vsecm::gotmpl
