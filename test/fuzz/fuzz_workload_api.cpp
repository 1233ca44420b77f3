// An X509SVIDResponse as a Workload API might send it; reaches the certificates once the corpus holds a message.
#include "spiffe/workload_api.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    base::byte_view const message(data, size);
    if (auto const parts = spiffe::split_der(message, 16)) {
        std::size_t total = 0;
        for (auto const part : *parts) total += part.size();
        if (total != size) std::abort();  // every byte belongs to a part
    }
    auto const context = spiffe::parse_x509_svid_response(message);
    if (context && (context->svids.empty() || context->bundles.empty())) std::abort();
    return 0;
}
