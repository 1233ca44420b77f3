#include "roles/safe/handlers/handler.hpp"

#include "api/http_status.hpp"
#include "api/messages.hpp"

namespace vsecm::roles::safe {
namespace {

// A thousand names in a request must not become a header that no client reads: what was done would look like a failure.
constexpr std::size_t max_warnings = 32;

}  // namespace

net::http_response ok_text(base::secret_text body) {
    net::http_response response;
    if (!body.empty()) response.content_type = api::content_type_text;
    response.body = std::move(body);
    return response;
}

net::http_response ok_text(std::string_view body) { return ok_text(base::secret_text(body)); }

void add_warning(net::http_response& response, std::string_view sentence) {
    if (response.headers.size() > max_warnings) return;
    if (response.headers.size() == max_warnings) sentence = "and more of the same";
    std::string clean(sentence);
    for (char& c : clean)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    response.headers.emplace_back(api::header_warning, std::move(clean));
}

net::http_response failure(base::error const& why) {
    net::http_response response;
    response.status = static_cast<unsigned>(api::http_status_of(why.code));
    response.content_type = api::content_type_json;
    response.body = api::write_error_body(why);
    return response;
}

}  // namespace vsecm::roles::safe
