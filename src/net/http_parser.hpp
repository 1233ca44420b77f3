// Beast's incremental parser, filling our messages. Internal to net: including Beast costs compile time.
#pragma once

#include "net/http_client.hpp"
#include "net/http_server.hpp"

#include <boost/beast/http/basic_parser.hpp>

namespace vsecm::net {

namespace beast_http = boost::beast::http;

// Both parsers are fed bytes and say how many they took; what is left belongs to the next line or message. While more is
// needed, no more is left than the header limit and a chunk's frame: whoever feeds gathers no endless line.
enum class parse_state { need_more, complete, refused };

// One request. Refuses rather than guesses: anything ambiguous about where the message ends is a 400.
class request_parser final : public beast_http::basic_parser<true> {
public:
    // Clears and fills `request` (all but peer and remote), which must outlive the parser.
    request_parser(http_request& request, http_limits const& limits);
    request_parser(request_parser&&) = default;

    parse_state feed(std::string_view bytes, std::size_t& taken);
    // After `refused`: the status to answer (400, 413, 417, 431, 501, 505), and why.
    unsigned refusal_status() const noexcept { return refusal_status_; }
    std::string_view refusal() const noexcept { return refusal_; }
    bool has_header() const noexcept { return is_header_done(); }
    // The client waits for "100 Continue" before it sends the body.
    bool expects_continue() const noexcept { return expects_continue_; }

private:
    using text = boost::beast::string_view;
    void on_request_impl(beast_http::verb, text method, text target, int version, error_code&) override;
    void on_response_impl(int, text, int, error_code&) override {}
    void on_field_impl(beast_http::field name, text name_text, text value, error_code&) override;
    void on_header_impl(error_code&) override;
    void on_body_init_impl(boost::optional<std::uint64_t> const& len, error_code&) override;
    std::size_t on_body_impl(text bytes, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, text bytes, error_code& failed) override;
    void on_finish_impl(error_code&) override {}
    void refuse(unsigned status, std::string_view why, error_code& failed);

    http_request* request_;
    std::size_t most_left_;
    std::string_view refusal_;
    unsigned refusal_status_ = 0;
    unsigned num_hosts_ = 0;
    bool expects_continue_ = false;
    bool header_seen_ = false;
    bool http10_ = false;
};

// One response.
class response_parser final : public beast_http::basic_parser<false> {
public:
    response_parser(http_client_response& response, http_client_limits const& limits, bool answers_head);
    parse_state feed(std::string_view bytes, std::size_t& taken);
    // The connection ended: complete if the body was delimited by that.
    parse_state feed_end();
    base::error take_error() { return std::move(error_); }

private:
    using text = boost::beast::string_view;
    void on_request_impl(beast_http::verb, text, text, int, error_code&) override {}
    void on_response_impl(int status, text, int version, error_code&) override;
    void on_field_impl(beast_http::field, text name, text value, error_code&) override;
    void on_header_impl(error_code&) override;
    void on_body_init_impl(boost::optional<std::uint64_t> const& len, error_code&) override;
    std::size_t on_body_impl(text bytes, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, text bytes, error_code& failed) override;
    void on_finish_impl(error_code&) override {}
    parse_state refused(error_code failed);

    http_client_response* response_;
    std::size_t most_left_;
    base::error error_;
    bool header_seen_ = false;
};

}  // namespace vsecm::net
