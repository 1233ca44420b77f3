// An answer as bytes: status line, headers, and the body where it goes along. Internal to net.
#pragma once

#include "net/http_message.hpp"

#include <ctime>

namespace vsecm::net {

// What the connection adds to the handler's response.
struct answer_frame {
    std::string_view server_header;  // of Vsecm-Server; empty: not sent
    std::string_view date;           // as http_date gives it
    std::string_view connection;     // empty: no Connection header
    bool with_body = false;          // append the body, too
};

// 304 and 204 have no Content-Length. A header value is cut at a line break, where it would become a second header.
base::secret_text write_answer(http_response const& response, answer_frame const& frame);

// RFC 9110 section 5.6.7, "Sun, 06 Nov 1994 08:49:37 GMT"; made once a second. For one thread.
class http_date {
public:
    std::string_view now();
    static std::string print(std::time_t when);

private:
    std::string text_;
    std::time_t second_ = 0;
};

}  // namespace vsecm::net
