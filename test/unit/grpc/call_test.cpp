#include "grpc/call.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace vsecm;
using namespace vsecm::grpc;
using namespace std::chrono_literals;

TEST_CASE("grpc-message is percent-encoded and decoding never fails") {
    CHECK(percent_encode("no identity issued") == "no identity issued");
    CHECK(percent_encode("100%\n\xc3\xa9") == "100%25%0A%C3%A9");
    CHECK(percent_encode(" a b ") == "%20a b%20");
    CHECK(percent_decode("100%25%0A%C3%A9") == "100%\n\xc3\xa9");
    CHECK(percent_decode("50% off %zz %4") == "50% off %zz %4");
    CHECK(percent_decode("%41%") == "A%");
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::string text(random() % 40, '\0');
        for (auto& c : text) c = static_cast<char>(random());
        CHECK(percent_decode(percent_encode(text)) == text);
        static_cast<void>(percent_decode(text));
    }
}

TEST_CASE("grpc-timeout has 1 to 8 digits and a unit") {
    CHECK(parse_timeout("5S").value() == 5s);
    CHECK(parse_timeout("100m").value() == 100ms);
    CHECK(parse_timeout("99999999H").value() == std::chrono::nanoseconds::max());
    for (auto const* bad : {"", "S", "5", "5s", "-5S", "123456789S", "5 S", "5.5S", "+5S", "0x1S"}) {
        CAPTURE(bad);
        CHECK(parse_timeout(bad).error().code == base::errc::invalid);
    }
    CHECK(format_timeout(5s) == "5000000u");
    CHECK(format_timeout(-1s) == "0n");
    CHECK(parse_timeout(format_timeout(4242h)).value() == 4242h);
    CHECK(parse_timeout(format_timeout(123456789123ns)).value() >= 123456789123ns);
}

TEST_CASE("messages come out whole however the bytes were cut") {
    std::vector<std::string> const sent{"", "a", std::string(300, 'x'), "", "last"};
    base::secret_text wire;
    for (auto const& m : sent) {
        append_prefix(wire, m.size());
        wire.append(m);
    }
    std::mt19937 random(1);
    for (std::size_t step = 1; step <= wire.size(); ++step) {
        message_assembler assembler(1024);
        std::vector<base::secret_text> got;
        for (std::size_t at = 0; at < wire.size();) {
            auto const len = std::min<std::size_t>(step < 20 ? step : random() % 50, wire.size() - at);
            REQUIRE(assembler.feed(wire.bytes().subspan(at, len), got));
            at += len;
        }
        CHECK(assembler.at_boundary());
        REQUIRE(got.size() == sent.size());
        for (std::size_t i = 0; i < sent.size(); ++i) CHECK(got[i].view() == sent[i]);
    }
}

TEST_CASE("a message that is too long or compressed ends the stream") {
    std::vector<base::secret_text> got;
    std::uint8_t const big[] = {0, 0, 0, 4, 1};
    CHECK(message_assembler(1024).feed(big, got).error().code == base::errc::too_large);
    std::uint8_t const huge[] = {0, 0xff, 0xff, 0xff, 0xff};
    CHECK(message_assembler(4 * 1024 * 1024).feed(huge, got).error().code == base::errc::too_large);
    std::uint8_t const packed[] = {1, 0, 0, 0, 1, 9};
    CHECK(message_assembler(1024).feed(packed, got).error().code == base::errc::unsupported);
    CHECK(got.empty());
}
