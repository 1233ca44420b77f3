#include "spiffe/peer_policy.hpp"
#include "spiffe/spiffe_id.hpp"

#include "base/bytes.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text = base::as_text({data, size});
    static auto const policy = spiffe::peer_policy::make({}).value();
    auto const caller = policy.classify(text);
    auto const id = spiffe::spiffe_id::parse(text);
    if (id && id->text() != text) std::abort();
    // A handshake lets well-formed IDs in only, so that is what the policy is asked about; names then hold no separator.
    if (id && caller.kind != spiffe::caller_kind::unknown && caller.workload_name.find('/') != std::string::npos) std::abort();
    return 0;
}
