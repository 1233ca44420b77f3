#include "store/journal_format.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const content = store::parse_journal({data, size});
    if (content.num_damaged + content.num_unfinished > size) std::abort();
    for (auto const& e : content.entries)
        if (e.stem.empty() || e.stem.find('/') != std::string::npos || e.stem.starts_with('.')) std::abort();
    // What was read is written the same way again, and read back.
    auto const again = store::parse_journal(store::print_block(content.entries));
    if (again.entries.size() != content.entries.size() || again.num_damaged + again.num_unfinished != 0) std::abort();
    return 0;
}
