#include "gotmpl/float_text.hpp"

#include <catch2/catch_test_macros.hpp>

#include <limits>
#include <string>

using namespace vsecm::gotmpl;

namespace {

std::string text(double number, char verb, int precision = shortest) { return std::string(float_text(number, verb, precision).view()); }

}  // namespace

TEST_CASE("the shortest form takes an exponent below 1e-4 and from 1e6 on") {
    CHECK(text(0, 'g') == "0");
    CHECK(text(-0.0, 'g') == "-0");
    CHECK(text(999999, 'g') == "999999");
    CHECK(text(1e6, 'g') == "1e+06");
    CHECK(text(-1234567, 'g') == "-1.234567e+06");
    CHECK(text(123456.789, 'g') == "123456.789");
    CHECK(text(0.0001, 'g') == "0.0001");
    CHECK(text(0.00001, 'G') == "1E-05");
    CHECK(text(5e-324, 'g') == "5e-324");
    CHECK(text(std::numeric_limits<double>::max(), 'g') == "1.7976931348623157e+308");
}

TEST_CASE("as many digits as were asked for") {
    CHECK(text(2.5, 'f', 0) == "2");  // half to even
    CHECK(text(-0.125, 'f', 2) == "-0.12");
    CHECK(text(1e21, 'f', 1) == "1000000000000000000000.0");
    CHECK(text(0.1, 'f', 25) == "0.1000000000000000055511151");
    CHECK(text(1234.5, 'e', 3) == "1.234e+03");
    CHECK(text(0, 'E', 2) == "0.00E+00");
    CHECK(text(100000, 'g', 3) == "1e+05");
    CHECK(text(100000, 'g', 10) == "100000");
    CHECK(text(0.00012345, 'g', 2) == "0.00012");
    CHECK(text(123456, 'g', 0) == "1e+05");
}

TEST_CASE("more digits than a float64 has are zeros") {
    auto const longest = text(5e-324, 'f', 2000);
    CHECK(longest.size() == 2002);
    CHECK(longest.ends_with(std::string(2000 - 1074, '0')));
    CHECK(longest.substr(1072, 6) == "5625" "00");
    // The longest there is, of 767 digits: (2^53 - 1) / 2^1074.
    auto const most = text(0x1.fffffffffffffp-1022, 'e', 1500);
    CHECK(most.starts_with("4.450147717014402272114819"));
    CHECK(most.substr(760, 10) == "5273437500");
    CHECK(text(0x1.fffffffffffffp-1022, 'g', 1500).size() == 767 + std::string_view(".e-308").size());
    CHECK(text(1.5, 'e', 1500) == "1.5" + std::string(1499, '0') + "e+00");
    CHECK(text(1.5, 'x', 30) == "0x1.8" + std::string(29, '0') + "p+00");
}

TEST_CASE("binary and hexadecimal") {
    CHECK(text(1, 'b') == "4503599627370496p-52");
    CHECK(text(-5e-324, 'b') == "-1p-1074");
    CHECK(text(0, 'b') == "0p-1074");
    CHECK(text(0, 'x') == "0x0p+00");
    CHECK(text(1, 'x') == "0x1p+00");
    CHECK(text(-0.1, 'X') == "-0X1.999999999999AP-04");
    CHECK(text(5e-324, 'x') == "0x1p-1074");
    CHECK(text(1.96875, 'x', 1) == "0x1.0p+01");  // rounds up into the next exponent
    CHECK(text(1.03125, 'x', 1) == "0x1.0p+00");  // half to even
    CHECK(text(1.09375, 'x', 1) == "0x1.2p+00");
    CHECK(text(3, 'x', 0) == "0x1p+02");
}
