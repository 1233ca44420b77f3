#include "roles/sentinel/script.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text = base::as_text({data, size});
    auto const all = roles::sentinel::parse_script(base::secret_text(text), "gen:");
    if (!all) {
        if (!all.error().what.starts_with("line") && all.error().code != base::errc::too_large) std::abort();  // says where
        return 0;
    }
    unsigned last = 0;
    for (auto const& b : all->blocks) {
        if (b.line <= last) std::abort();
        last = b.line;
        // Whoever runs it need not check again.
        if (b.command && b.command->asked.workloads.empty()) std::abort();
        if (b.command && b.command->asked.what == roles::sentinel::verb::put && b.command->value.empty()) std::abort();
        if (roles::sentinel::describe(b).empty()) std::abort();
    }
    return 0;
}
