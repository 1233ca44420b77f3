#include "crypto/x25519.hpp"

#include "support.hpp"

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

TEST_CASE("X25519 gives the answers of RFC 7748 section 5.2") {
    bytes out(32);
    CHECK(x25519_shared(unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                        unhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"), out));
    CHECK(hex_encode(out) == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    CHECK(x25519_shared(unhex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                        unhex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"), out));
    CHECK(hex_encode(out) == "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST_CASE("X25519 iterated a thousand times gives the answer of RFC 7748 section 5.2") {
    bytes k(32), u(32), out(32);
    k[0] = u[0] = 9;
    x25519_public(k, out);
    CHECK(hex_encode(out) == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(x25519_shared(k, u, out));
        u = k;
        k = out;
    }
    CHECK(hex_encode(k) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST_CASE("X25519 refuses points of low order") {
    bytes const secret(32, 0x42);
    bytes out(32);
    for (std::string_view const point : {"0000000000000000000000000000000000000000000000000000000000000000",
                                         "0100000000000000000000000000000000000000000000000000000000000000",
                                         "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                         "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                         "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"})
        CHECK_FALSE(x25519_shared(secret, unhex(point), out));
}
