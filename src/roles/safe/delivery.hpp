// What a workload receives, from what the operator gave. Contract section 5, without templates.
#pragma once

#include "base/secret_text.hpp"
#include "store/stored_secret.hpp"

#include <span>
#include <string_view>

namespace vsecm::roles::safe {

// Without white space at both ends, as Go's strings.TrimSpace sees it (Unicode's White_Space too).
std::string_view trim_space(std::string_view text) noexcept;

// One value: trimmed, or as it is when nothing would be left or the format is `none`. Several: a JSON array of strings,
// newest first.
// Never fails; thread-safe; called by the store's writer.
base::secret_text deliver(std::span<std::string_view const> values, store::secret_meta const& meta);

}  // namespace vsecm::roles::safe
