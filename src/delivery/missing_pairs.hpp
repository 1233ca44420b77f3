// Pairs whose value the data does not have.
#pragma once

#include "base/secret_text.hpp"

namespace vsecm::delivery {

// What Go's templates print for a field that is not there.
inline constexpr std::string_view no_value = "<no value>";

struct without_missing {
    base::secret_text text;
    std::size_t num_dropped = 0;
};

// Drops each pair `key: <no value>` with one of the commas beside it. A pair stands between commas, braces and the ends of the
// text; nothing within "quotes" is looked at, so commas in values, and a quoted "<no value>", stay as they are.
without_missing drop_missing_pairs(base::secret_text&& text);

}  // namespace vsecm::delivery
