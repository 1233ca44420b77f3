#include "crypto/bech32.hpp"

#include <algorithm>
#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text = base::as_text({data, size});
    auto const decoded = crypto::bech32_decode(text);
    if (!decoded) return 0;
    auto const again = crypto::bech32_encode(decoded->hrp, decoded->bytes.bytes());
    auto const lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : +c; };
    if (!std::ranges::equal(again.view(), text, {}, lower, lower)) std::abort();  // one text a value, but for the case
    return 0;
}
