#include "base/clock.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm::base;

TEST_CASE("RFC 3339 dates are read as Go reads them") {
    CHECK(format_rfc3339(parse_rfc3339("2024-01-02T15:04:05Z").value()) == "2024-01-02T15:04:05Z");
    CHECK(format_rfc3339(parse_rfc3339("2024-01-02T15:04:05+02:30").value()) == "2024-01-02T12:34:05Z");
    CHECK(format_rfc3339_nano(parse_rfc3339("2019-10-12T07:20:50.520Z").value()) == "2019-10-12T07:20:50.52Z");
    CHECK(parse_rfc3339("9999-12-31T23:59:59.999999999Z").value() == never());
    CHECK(format_rfc3339_nano(never()) == "9999-12-31T23:59:59.999999999Z");
    CHECK(format_rfc3339(never()) == "9999-12-31T23:59:59Z");
    CHECK(format_rfc3339_nano(parse_rfc3339("1969-12-31T23:59:59.000000001Z").value()) == "1969-12-31T23:59:59.000000001Z");
    CHECK(format_rfc3339_nano(parse_rfc3339("2000-02-29T00:00:00.123456789Z").value()) == "2000-02-29T00:00:00.123456789Z");
    CHECK(format_rfc3339_nano(parse_rfc3339("1677-09-22T00:00:00Z").value()) == "1677-09-22T00:00:00Z");
    CHECK(format_rfc3339(parse_rfc3339("0001-01-01T00:00:00Z").value()) == "1677-09-21T00:12:44Z");  // clamped
}

TEST_CASE("bad dates are refused, never guessed") {
    for (std::string_view const bad : {"", "now", "2024-01-02", "2024-1-02T15:04:05Z", "2024-02-30T15:04:05Z", "2024-01-02T24:04:05Z", "2024-01-02T15:04:05",
                                       "2024-01-02T15:04:05.Z", "2024-01-02T15:04:05Zx", "2024-01-02 15:04:05Z", "0000-01-02T15:04:05Z"})
        CHECK_FALSE(parse_rfc3339(bad).has_value());
}
