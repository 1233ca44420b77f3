#include "net/http_answer.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using net::http_response;

namespace {
std::string written(http_response const& response, net::answer_frame const& frame) {
    return std::string(net::write_answer(response, frame).view());
}

net::answer_frame const dated{.server_header = {}, .date = "D", .connection = {}};

http_response greeting() {
    http_response response;
    response.content_type = "text/plain";
    response.headers.emplace_back("ETag", "\"v1\"");
    response.body = base::secret_text("hello");
    return response;
}
}  // namespace

TEST_CASE("an answer is a status line, headers in order, and the body where it goes along") {
    net::answer_frame frame{.server_header = "vsecm/1", .date = "Sun, 06 Nov 1994 08:49:37 GMT", .connection = "close", .with_body = true};
    std::string const head =
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nVsecm-Server: vsecm/1\r\nContent-Type: text/plain\r\n"
        "ETag: \"v1\"\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
    CHECK(written(greeting(), frame) == head + "hello");
    frame.with_body = false;
    CHECK(written(greeting(), frame) == head);
}

TEST_CASE("what is empty has no header") {
    http_response response;
    response.status = 404;
    CHECK(written(response, dated) == "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("an answer that never has a body has no length") {
    for (unsigned const status : {204u, 304u}) {
        auto response = greeting();
        response.status = status;
        CHECK_FALSE(written(response, dated).contains("Content-Length"));
    }
}

TEST_CASE("a header's value ends at a line break") {
    http_response response;
    response.headers.emplace_back("Vsecm-Warning", "first\r\nSet-Cookie: a=b");
    auto const text = written(response, dated);
    CHECK(text.contains("\r\nVsecm-Warning: first\r\n"));
    CHECK_FALSE(text.contains("Set-Cookie"));
}

TEST_CASE("the date is RFC 9110's") {
    CHECK(net::http_date::print(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(net::http_date::print(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(net::http_date::print(1'709'251'199) == "Thu, 29 Feb 2024 23:59:59 GMT");
    CHECK(net::http_date::print(1'798'761'599) == "Thu, 31 Dec 2026 23:59:59 GMT");
    net::http_date date;
    auto const before = net::http_date::print(std::time(nullptr));
    auto const now = std::string(date.now());
    CHECK((now == before || now == net::http_date::print(std::time(nullptr))));
}
