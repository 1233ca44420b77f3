#include "crypto/age_format.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    base::byte_view const file(data, size);
    auto const header = crypto::parse_age_header(file);
    if (!header) return 0;
    if (header->len > size || header->mac_covers >= header->len || header->stanzas.empty()) std::abort();
    static auto const identity = crypto::age_identity::generate();
    if (crypto::unwrap_age_file_key(*header, file, std::span(&identity, 1))) std::abort();  // a key made up in this process
    return 0;
}
