// A value as YAML, byte for byte as Go's yaml.v3 writes what encoding/json has read.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"
#include "gotmpl/value.hpp"

namespace vsecm::delivery {

// A document in block style: four columns a level, keys in natural order, a line end at the end. A number that has its digits
// is written with them. But for yaml.v3's own faults (yaml_scalar.hpp, and the key `<<`): what is written reads back as it was.
// `value`: of a JSON document. errc::too_large beyond `max_len` bytes.
base::result<base::secret_text> to_yaml(gotmpl::value const& value, std::size_t max_len);

}  // namespace vsecm::delivery
