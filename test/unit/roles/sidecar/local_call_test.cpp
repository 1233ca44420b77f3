#include "roles/sidecar/local_call.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using roles::sidecar::parse_local_url;

namespace {

std::string shown(std::string_view url) {
    auto const parsed = parse_local_url(url);
    return parsed ? parsed->where.print() + " " + parsed->target : "";
}

}  // namespace

TEST_CASE("a URL of this host, with the port and path it has") {
    CHECK(shown("http://127.0.0.1:9090/-/reload") == "127.0.0.1:9090 /-/reload");
    CHECK(shown("http://localhost") == "127.0.0.1:80 /");
    CHECK(shown("http://127.1.2.3/a?b=c&d=%20") == "127.1.2.3:80 /a?b=c&d=%20");
    CHECK(shown("http://[::1]/x") == "[::1]:80 /x");
    CHECK(shown("http://[::1]:8080/x") == "[::1]:8080 /x");
}

TEST_CASE("any other host, scheme or path is refused") {
    for (auto const* url : {"", "https://127.0.0.1/", "http://10.0.0.1/", "http://example.com/", "http://[::2]/", "http://0.0.0.0/", "http://:80/", "http://127.0.0.1:0/", "http://127.0.0.1:99999/",
             "http://user@127.0.0.1/", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/#x", "http://127.0.0.1@example.com/", "http:///x"}) {
        INFO(url);
        CHECK(shown(url).empty());
    }
    CHECK(shown("http://127.0.0.1/" + std::string(3000, 'a')).empty());
    // Not what was given: some URLs have a password in them.
    for (auto const* url : {"http://other:9/x", "http://127.0.0.1:99999/", "http://me:secret@localhost/"})
        CHECK(parse_local_url(url).error().what == "its host must be this one, with a port unless that is 80: 127.0.0.1:8080, [::1]:8080 or localhost");
}
