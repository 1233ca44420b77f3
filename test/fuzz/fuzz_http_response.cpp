#include "net/http_parser.hpp"

#include <cstdlib>

using namespace vsecm;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    net::http_client_limits limits;
    limits.max_header_len = 1024;
    limits.max_body_len = 512;
    net::http_client_response response;
    net::response_parser parser(response, limits, size % 2 == 1);
    std::size_t taken = 0;
    auto state = net::parse_state::need_more;
    if (size != 0) state = parser.feed(base::as_text({data, size}), taken);
    if (taken > size) std::abort();
    if (state == net::parse_state::need_more && size - taken > limits.max_header_len + 64) std::abort();
    if (state == net::parse_state::need_more) state = parser.feed_end();
    if (response.body.size() > limits.max_body_len) std::abort();
    if (state == net::parse_state::refused && parser.take_error().what.empty()) std::abort();
    return 0;
}
