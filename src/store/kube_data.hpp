// From a secret's text to the keys of a Kubernetes Secret. Contract 4.1, without its base64 fault (Q18). The format of the secret
// plays no part in it.
#pragma once

#include "base/secret_text.hpp"
#include "kube/secret_object.hpp"

namespace vsecm::store {

// A JSON object whose values are all texts (null counts as an empty one) gives a key a field; null gives no key at all. The
// first of the two that is such a text is taken: `made`, which is the value run through its template, then the value as the
// operator gave it. If neither is: the one key VALUE with the value, byte for byte.
// errc::invalid if a field name cannot be a key; it is not repeated.
base::result<kube::secret_data> kubernetes_data(base::secret_text&& made, base::secret_text&& value);

}  // namespace vsecm::store
