#include "crypto/generated_secret.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const pattern = base::as_text({data, size});
    auto const first = crypto::generate_secret(pattern);
    auto const second = crypto::generate_secret(pattern);
    // The dice do not decide whether a pattern is good, nor how long its secrets are.
    if (first.has_value() != second.has_value()) std::abort();
    if (!first) return 0;
    if (first->size() != second->size() || first->size() > crypto::max_generated_len) std::abort();
    return 0;
}
