// The functions eq, ne, lt, le, gt and ge. Numbers of different Go types do not compare: a JSON number is a float64, `1` an
// int, so it is `eq .n 1.0`.
#pragma once

#include "base/result.hpp"
#include "gotmpl/value.hpp"

#include <span>

namespace vsecm::gotmpl {

// errc::invalid for types that do not compare, with the types and never the values.
base::result<bool> equal_to_any(std::span<value const> args);  // the first to one of the others
// These look at the first two.
base::result<bool> not_equal(std::span<value const> args);
base::result<bool> less(std::span<value const> args);
base::result<bool> not_greater(std::span<value const> args);
base::result<bool> greater(std::span<value const> args);
base::result<bool> not_less(std::span<value const> args);

}  // namespace vsecm::gotmpl
