// A request, whole and cut in two at a place the input chooses: both ways must come to the same end.
#include "net/http_parser.hpp"

#include <cstdlib>

using namespace vsecm;

namespace {

constexpr std::size_t max_header_len = 1024;

net::parse_state parse(std::string_view bytes, std::size_t cut, net::http_request& request, unsigned& status) {
    static net::http_limits const limits = [] {
        net::http_limits small;
        small.max_header_len = max_header_len;
        small.max_body_len = 512;
        return small;
    }();
    net::request_parser parser(request, limits);
    std::string pending;
    auto state = net::parse_state::need_more;
    for (auto const piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
        pending += piece;
        if (pending.empty()) continue;
        std::size_t taken = 0;
        state = parser.feed(pending, taken);
        if (taken > pending.size()) std::abort();
        pending.erase(0, taken);
        if (state != net::parse_state::need_more) break;
    }
    status = state == net::parse_state::refused ? parser.refusal_status() : 0;
    if (request.body.size() > limits.max_body_len) std::abort();
    return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    auto const bytes = base::as_text({data + 1, size - 1});
    std::size_t const cut = bytes.empty() ? 0 : data[0] % (bytes.size() + 1);
    net::http_request whole, parts;
    unsigned whole_status = 0, parts_status = 0;
    auto const once = parse(bytes, 0, whole, whole_status);
    auto const twice = parse(bytes, cut, parts, parts_status);
    // A chunk's header or a trailer longer than the limit is taken when it is there at once, and not waited for.
    if (twice == net::parse_state::refused && parts_status == 400 && bytes.size() > max_header_len) return 0;
    if (once != twice || (once == net::parse_state::refused && (whole_status < 400 || whole_status > 505))) std::abort();
    if (once == net::parse_state::complete) {
        if (whole.path != parts.path || whole.query != parts.query || whole.body.view() != parts.body.view()) std::abort();
        if (!whole.path.starts_with('/') || whole.path.contains("//") || whole.path.contains('\0')) std::abort();
    }
    return 0;
}
