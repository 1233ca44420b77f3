#include "crypto/bech32.hpp"

#include "support.hpp"

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

TEST_CASE("bech32 reads and writes BIP-173's valid strings") {
    auto const long_one = "11" + std::string(82, 'q') + "c8247j";
    for (std::string_view const text :
         {"A12UEL5L", "a12uel5l", "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
          "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl",
          long_one.c_str()}) {
        INFO(text);
        auto decoded = bech32_decode(text);
        REQUIRE(decoded);
        CHECK(bech32_encode(decoded->hrp, decoded->bytes.bytes()).view() == text);
    }
}

TEST_CASE("bech32 refuses BIP-173's invalid strings") {
    for (std::string_view const text : {"\x20" "1nwldj5", "\x7f" "1axkwrx", "\x80" "1eym55h", "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v",
                                        "li1dgmt3", "de1lg7wt\xff", "A1G7SGD8", "10a06t8", "1qzzfhee", "", "1", "a1", "A12uEL5L"}) {
        INFO(text);
        auto decoded = bech32_decode(text);
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error().code == errc::invalid);
    }
}

TEST_CASE("bech32 refuses padding that is not zero, too long padding, and endless text") {
    // The checksums of these fit; only the padding rule can refuse them.
    auto const with_groups = [](std::string_view groups) {
        constexpr std::string_view alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
        std::uint32_t state = 1;
        auto const add = [&](std::uint32_t v) {
            auto const top = state >> 25;
            state = (state & 0x1ffffff) << 5 ^ v;
            std::uint32_t const gen[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
            for (int i = 0; i < 5; ++i)
                if (top >> i & 1) state ^= gen[i];
        };
        add('a' >> 5), add(0), add('a' & 31);
        for (char const c : groups) add(static_cast<std::uint32_t>(alphabet.find(c)));
        for (int i = 0; i < 6; ++i) add(0);
        state ^= 1;
        std::string text = "a1" + std::string(groups);
        for (int i = 5; i >= 0; --i) text += alphabet[state >> (5 * i) & 31];
        return text;
    };
    CHECK(bech32_decode(with_groups("qq")).has_value());          // 8 bits and 2 of zero padding
    CHECK_FALSE(bech32_decode(with_groups("qp")).has_value());    // the padding is 01
    CHECK_FALSE(bech32_decode(with_groups("q")).has_value());     // 5 bits of padding
    CHECK_FALSE(bech32_decode(with_groups("qqq")).has_value());   // 7 bits of padding
    CHECK(bech32_decode(with_groups(std::string(3200, 'q'))).has_value());  // age has no 90-character limit
    CHECK_FALSE(bech32_decode(with_groups(std::string(8000, 'q'))).has_value());
}

TEST_CASE("bech32 notices every single changed character") {
    auto const good = bech32_encode("age", bytes(32, 7));
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string text(good.view());
        text[i] = text[i] == 'q' ? 'p' : 'q';
        CHECK_FALSE(bech32_decode(text).has_value());
    }
}
