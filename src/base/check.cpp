#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace vsecm::base {

void check_failed(char const* condition, char const* file, int line) noexcept {
    std::fprintf(stderr, "vsecm: broken invariant: %s (%s:%d). This is a bug; please report it.\n", condition, file, line);
    std::abort();
}

}  // namespace vsecm::base
