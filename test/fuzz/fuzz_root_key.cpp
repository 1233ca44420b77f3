#include "crypto/root_key.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text = base::as_text({data, size});
    if (auto const key = crypto::root_key::parse(text)) {
        auto const printed = key->print();
        if (crypto::root_key::parse(printed.view()).value().print().view() != printed.view()) std::abort();
    }
    std::vector<std::string> passed_over;
    auto const ring = crypto::key_ring::parse(text, &passed_over);
    if (ring && ring->identities().empty() && ring->aes_seeds().empty()) std::abort();
    return 0;
}
