// White space around a value.
#pragma once

#include <string_view>

namespace vsecm::delivery {

// Without white space at both ends, as Go's strings.TrimSpace sees it (Unicode's White_Space too).
std::string_view trim_space(std::string_view text) noexcept;

}  // namespace vsecm::delivery
