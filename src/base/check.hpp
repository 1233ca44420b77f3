// VSECM_CHECK: a broken invariant stops the process, in release too. Damaged data is an error, never a check.
#pragma once

namespace vsecm::base {
[[noreturn]] void check_failed(char const* condition, char const* file, int line) noexcept;
}

#define VSECM_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::vsecm::base::check_failed(#condition, __FILE__, __LINE__))
