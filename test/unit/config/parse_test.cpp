#include "config/parse.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>

using namespace vsecm::config;
using namespace std::chrono_literals;

TEST_CASE("the original's milliseconds are a signed 32-bit number and nothing else") {
    CHECK(parse_original_ms("0") == 0ms);
    CHECK(parse_original_ms("+5") == 5ms);
    CHECK(parse_original_ms("-5") == -5ms);
    CHECK(parse_original_ms("2147483647") == 2147483647ms);
    for (auto const* bad : {"", " 5", "5 ", "5s", "2147483648", "-2147483649", "1e3", "0x10", "+-5", "99999999999999999999"})
        CHECK_FALSE(parse_original_ms(bad).has_value());
}

TEST_CASE("our durations have units") {
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("5s") == 5s);
    CHECK(parse_duration("2m") == 2min);
    CHECK(parse_duration("1h") == 1h);
    CHECK(parse_duration("20000") == 20s);
    CHECK(parse_duration("0") == 0ms);
    for (auto const* bad : {"", "s", "-1s", "+1s", "1.5s", "5 s", "5d", "1h30m", "99999999999999999999h", "18446744073709551615h", "87601h"})
        CHECK_FALSE(parse_duration(bad).has_value());
}

TEST_CASE("booleans, whole numbers, byte counts, modes") {
    CHECK(parse_original_bool(" TRUE\n"));
    CHECK_FALSE(parse_original_bool("1"));
    CHECK_FALSE(parse_original_bool(""));
    CHECK(parse_bool("Yes") == true);
    CHECK(parse_bool("off") == false);
    CHECK_FALSE(parse_bool("maybe").has_value());
    CHECK(parse_int("-7") == -7);
    CHECK_FALSE(parse_int("7x").has_value());
    CHECK(parse_bytes("64KiB") == 65536);
    CHECK(parse_bytes("4MiB") == 4u << 20);
    CHECK(parse_bytes("123") == 123);
    for (auto const* bad : {"", "KiB", "4kb", "4 MiB", "-1", "99999999GiB"}) CHECK_FALSE(parse_bytes(bad).has_value());
    CHECK(parse_octal_mode("0640") == 0640u);
    CHECK(parse_octal_mode("600") == 0600u);
    for (auto const* bad : {"", "0888", "1777", "rw", "-1"}) CHECK_FALSE(parse_octal_mode(bad).has_value());
}

TEST_CASE("owners and signals") {
    CHECK(parse_owner("1000") == owner_numbers{1000u, std::nullopt});
    CHECK(parse_owner("0:5") == owner_numbers{0u, 5u});
    CHECK(parse_owner(":5") == owner_numbers{std::nullopt, 5u});
    for (auto const* bad : {"", ":", "root", "1:x", "-1", "4294967295", ":4294967295", "1:2:3", "1 "}) CHECK_FALSE(parse_owner(bad).has_value());
    CHECK(parse_signal("HUP") == SIGHUP);
    CHECK(parse_signal("SIGUSR1") == SIGUSR1);
    for (auto const* bad : {"", "SIG", "hup", "1", "STOP", "SEGV"}) CHECK_FALSE(parse_signal(bad).has_value());
}

TEST_CASE("addresses by form") {
    for (auto const* good : {":8443", "127.0.0.1:8443", "localhost:0", "[::1]:65535"}) CHECK(is_address(good));
    for (auto const* bad : {"", "8443", ":", ":65536", ":-1", "::1:80", "[]:80", "[::1:80", "a b:1", "http://x:1", ":80/"})
        CHECK_FALSE(is_address(bad));
}

TEST_CASE("edit distance") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("VSECM_LOGL_LEVEL", "VSECM_LOG_LEVEL") == 1);
}
