#include "grpc/call.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    base::byte_view const bytes(data, size);
    auto const text = base::as_text(bytes);
    if (grpc::percent_decode(grpc::percent_encode(text)) != text) std::abort();
    static_cast<void>(grpc::percent_decode(text));
    static_cast<void>(grpc::parse_timeout(text));
    // However the bytes are cut, the messages are the same.
    std::vector<base::secret_text> whole, cut;
    grpc::message_assembler at_once(1000), in_pieces(1000);
    bool const good = at_once.feed(bytes, whole).has_value();
    bool good_cut = true;
    for (std::size_t i = 0; i < size && good_cut; ++i) good_cut = in_pieces.feed(bytes.subspan(i, 1), cut).has_value();
    if (good != good_cut || whole.size() != cut.size()) std::abort();
    for (std::size_t i = 0; i < whole.size(); ++i)
        if (whole[i].view() != cut[i].view()) std::abort();
    return 0;
}
