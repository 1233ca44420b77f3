#include "net/http_parser.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace vsecm::net {
namespace {

using beast_http::error;

std::string_view std_text(boost::beast::string_view text) { return {text.data(), text.size()}; }

// A client may claim a large body and never send it, so memory follows the bytes beyond this.
constexpr std::uint64_t most_reserved_ahead = 64 * 1024;
// The size of a chunk and its line ends. Beast sets no limit to the extensions beside it, nor to trailers, and would have
// us gather them for ever.
constexpr std::size_t chunk_frame_len = 64;

}  // namespace

request_parser::request_parser(http_request& request, http_limits const& limits)
    : request_(&request), most_left_(limits.max_header_len + chunk_frame_len) {
    request.fields.clear();
    request.body = {};
    eager(true);
    header_limit(static_cast<std::uint32_t>(limits.max_header_len));
    body_limit(limits.max_body_len);
}

void request_parser::refuse(unsigned status, std::string_view why, error_code& failed) {
    refusal_status_ = status;
    refusal_ = why;
    failed = error::bad_value;
}

parse_state request_parser::feed(std::string_view bytes, std::size_t& taken) {
    error_code failed;
    taken = put({bytes.data(), bytes.size()}, failed);
    // First the error: Beast may call a message done and then let on_header_impl refuse it.
    if (!failed || failed == error::need_more) {
        if (is_done()) return parse_state::complete;
        if (bytes.size() - taken <= most_left_) return parse_state::need_more;
        refuse(400, "a chunk's header is larger than this server takes", failed);
    }
    if (refusal_status_ == 0) {
        if (failed == error::body_limit) {
            refuse(413, "the body is larger than this server takes", failed);
        } else if (failed == error::header_limit) {
            refuse(431, "the header is larger than this server takes", failed);
        } else if (failed == error::bad_version) {
            refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here", failed);
        } else {
            refuse(400, "the request is malformed", failed);
        }
    }
    return parse_state::refused;
}

void request_parser::on_request_impl(beast_http::verb, text method, text target, int version, error_code& failed) {
    if (version != 10 && version != 11) return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here", failed);
    http10_ = version == 10;
    auto& r = *request_;
    r.method.assign(method.data(), method.size());
    r.verb = verb_of(r.method);
    r.target.assign(target.data(), target.size());
    if (!split_target(r.target, r.path, r.query)) {
        refuse(400, "the request target is malformed: an absolute path in ASCII, without empty, `.` or `..` segments, is needed", failed);
    }
}

void request_parser::on_field_impl(beast_http::field name, text name_text, text value, error_code& failed) {
    if (header_seen_) return;  // trailers: nobody asked for them
    request_->fields.add(std_text(name_text), std_text(value));
    switch (name) {
        case beast_http::field::host: ++num_hosts_; break;
        case beast_http::field::transfer_encoding:
            // Any other coding would leave the end of the message to guesswork.
            if (!boost::beast::iequals(value, "chunked")) refuse(501, "only the chunked transfer coding is understood", failed);
            break;
        case beast_http::field::expect:
            if (!boost::beast::iequals(value, "100-continue")) return refuse(417, "only 100-continue can be expected", failed);
            expects_continue_ = true;
            break;
        default: break;
    }
}

void request_parser::on_header_impl(error_code& failed) {
    header_seen_ = true;
    if (http10_ ? num_hosts_ > 1 : num_hosts_ != 1) return refuse(400, "exactly one Host header is needed", failed);
    if (http10_ && chunked()) return refuse(400, "HTTP/1.0 has no chunked bodies", failed);
    if (http10_) expects_continue_ = false;
}

void request_parser::on_body_init_impl(boost::optional<std::uint64_t> const& len, error_code&) {
    if (len) request_->body.reserve(static_cast<std::size_t>(std::min(*len, most_reserved_ahead)));
}

std::size_t request_parser::on_body_impl(text bytes, error_code&) {
    request_->body.append(std_text(bytes));
    return bytes.size();
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, text bytes, error_code& failed) {
    return on_body_impl(bytes, failed);
}

response_parser::response_parser(http_client_response& response, http_client_limits const& limits, bool answers_head)
    : response_(&response), most_left_(limits.max_header_len + chunk_frame_len) {
    eager(true);
    skip(answers_head);
    header_limit(static_cast<std::uint32_t>(limits.max_header_len));
    body_limit(limits.max_body_len);
}

parse_state response_parser::refused(error_code failed) {
    if (failed == error::body_limit || failed == error::header_limit) {
        error_ = {base::errc::too_large, "the answer is larger than allowed"};
    } else if (failed == error::partial_message || failed == error::end_of_stream) {
        error_ = {base::errc::unavailable, "the server hung up in the middle of its answer"};
    } else {
        error_ = {base::errc::corrupt, "the answer is not HTTP: " + failed.message()};
    }
    return parse_state::refused;
}

parse_state response_parser::feed(std::string_view bytes, std::size_t& taken) {
    error_code failed;
    taken = put({bytes.data(), bytes.size()}, failed);
    if (!failed || failed == error::need_more) {
        if (is_done()) return parse_state::complete;
        if (bytes.size() - taken <= most_left_) return parse_state::need_more;
        failed = error::header_limit;
    }
    return refused(failed);
}

parse_state response_parser::feed_end() {
    error_code failed;
    if (!got_some()) return refused(error::end_of_stream);
    put_eof(failed);
    return failed ? refused(failed) : parse_state::complete;
}

void response_parser::on_response_impl(int status, text, int, error_code&) {
    response_->status = static_cast<unsigned>(status);
    response_->fields.clear();
}

void response_parser::on_field_impl(beast_http::field name, text name_text, text value, error_code& failed) {
    if (header_seen_) return;
    if (name == beast_http::field::transfer_encoding && !boost::beast::iequals(value, "chunked")) failed = error::bad_transfer_encoding;
    response_->fields.add(std_text(name_text), std_text(value));
}

void response_parser::on_header_impl(error_code&) { header_seen_ = true; }

void response_parser::on_body_init_impl(boost::optional<std::uint64_t> const& len, error_code&) {
    if (len) response_->body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*len, 16 * most_reserved_ahead)));
}

std::size_t response_parser::on_body_impl(text bytes, error_code&) {
    response_->body.append(std_text(bytes));
    return bytes.size();
}

std::size_t response_parser::on_chunk_body_impl(std::uint64_t, text bytes, error_code& failed) {
    return on_body_impl(bytes, failed);
}

}  // namespace vsecm::net
