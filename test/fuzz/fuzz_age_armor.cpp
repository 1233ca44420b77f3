#include "crypto/age_armor.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const decoded = crypto::age_armor_decode({data, size});
    // What decodes has one canonical form, which decodes to the same.
    if (decoded && crypto::age_armor_decode(base::as_bytes(crypto::age_armor_encode(*decoded))).value() != *decoded) std::abort();
    return 0;
}
