#include "base/encoding.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm::base;

TEST_CASE("base64 round-trips the RFC 4648 vectors") {
    struct row {
        std::string_view plain, padded, unpadded;
    };
    for (auto const& [plain, padded, unpadded] :
         {row{"", "", ""}, row{"f", "Zg==", "Zg"}, row{"fo", "Zm8=", "Zm8"}, row{"foo", "Zm9v", "Zm9v"}, row{"foob", "Zm9vYg==", "Zm9vYg"},
          row{"fooba", "Zm9vYmE=", "Zm9vYmE"}, row{"foobar", "Zm9vYmFy", "Zm9vYmFy"}}) {
        CHECK(base64_encode(as_bytes(plain)) == padded);
        CHECK(base64_encode(as_bytes(plain), base64::unpadded) == unpadded);
        CHECK(as_text(base64_decode(padded).value()) == plain);
        CHECK(as_text(base64_decode(unpadded, base64::unpadded).value()) == plain);
    }
}

TEST_CASE("base64 refuses what is not canonical") {
    for (std::string_view const bad : {"Zg", "Zg=", "Zh==", "Zm9", "Z===", "====", "Zg==\n", " Zg==", "Zm9v=", "Zm-v", "Zg==Zg=="})
        CHECK_FALSE(base64_decode(bad).has_value());
    for (std::string_view const bad : {"Zg==", "Zh", "Z", "Zm9vY"}) CHECK_FALSE(base64_decode(bad, base64::unpadded).has_value());
}

TEST_CASE("hex decodes both cases and refuses the rest") {
    std::uint8_t out[2];
    REQUIRE(hex_decode("aBfF", out));
    CHECK((out[0] == 0xab && out[1] == 0xff));
    CHECK(hex_encode(out) == "abff");
    CHECK_FALSE(hex_decode("abf", out).has_value());
    CHECK_FALSE(hex_decode("abfg", out).has_value());
}

TEST_CASE("text of others is printed without its control characters") {
    CHECK(printable("red \x1b[31m\r\n\x7f\tend") == "red ?[31m????end");
    CHECK(printable("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
}
