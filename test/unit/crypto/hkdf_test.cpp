#include "crypto/hkdf.hpp"

#include "support.hpp"

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

TEST_CASE("SHA-256 gives the FIPS 180 answers") {
    CHECK(hex_encode(sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex_encode(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("HMAC-SHA-256 gives the RFC 4231 answers, and that of an empty key") {
    CHECK(hex_encode(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex_encode(hmac_sha256(bytes(131, 0xaa), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(hex_encode(hmac_sha256({}, {})) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("HKDF-SHA-256 gives the RFC 5869 answers") {
    auto const count_up = [](int from, int to) {
        bytes out;
        for (int i = from; i < to; ++i) out.push_back(static_cast<std::uint8_t>(i));
        return out;
    };
    struct row {
        bytes ikm, salt, info;
        std::string_view okm;
    };
    row const rows[] = {
        {bytes(22, 0x0b), count_up(0, 0x0d), count_up(0xf0, 0xfa),
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {count_up(0, 0x50), count_up(0x60, 0xb0), count_up(0xb0, 0x100),
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b836"
         "7793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {bytes(22, 0x0b), {}, {}, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (auto const& r : rows) {
        bytes out(r.okm.size() / 2);
        hkdf_sha256(r.ikm, r.salt, r.info, out);
        CHECK(hex_encode(out) == r.okm);
    }
}
