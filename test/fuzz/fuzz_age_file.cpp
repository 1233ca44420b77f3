// Whole files under a fixed identity: reaches the payload once the corpus holds a file for it (see README.md).
#include "crypto/age.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static auto const identity =
        crypto::age_identity::parse("AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0").value();
    base::byte_view const file(data, size);
    auto const whole = crypto::age_decrypt(identity, file, size);
    base::secret_text streamed;
    auto reader = crypto::age_reader::start(std::span(&identity, 1), crypto::memory_source(file));
    bool intact = false;
    while (reader) {
        auto const piece = reader->next();
        if (!piece) break;
        if (piece->empty()) {
            intact = true;
            break;
        }
        streamed.append(*piece);
    }
    if (whole.has_value() != intact) std::abort();  // both ways of reading agree
    if (whole && whole->view() != streamed.view()) std::abort();
    return 0;
}
