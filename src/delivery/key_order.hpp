// The order in which yaml.v3 writes a map.
#pragma once

#include "gotmpl/value.hpp"

namespace vsecm::delivery {

// "a2" before "a10", "a_b" before "ab": runs of digits by their number, letters behind what is none. The order of Go's sorting
// where it depends on nothing but the names; of a set of names that this rule puts in a circle, some order.
std::vector<gotmpl::member const*> natural_order(gotmpl::map const& all);

}  // namespace vsecm::delivery
