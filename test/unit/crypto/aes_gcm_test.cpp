#include "crypto/aes_gcm.hpp"

#include "crypto/aead.hpp"
#include "support.hpp"

#include <set>

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

TEST_CASE("an AES-256-GCM container has the bytes that docs/record-format.md says") {
    auto const key = noise(32);
    auto const plain = to_bytes("attack at dawn");
    auto const sealed = aes_gcm_seal(key, plain);
    REQUIRE(sealed.size() == plain.size() + 40);
    CHECK(as_text(byte_view(sealed).first(7)) == "VSECM-G");
    CHECK(sealed[7] == 1);
    CHECK(std::equal(sealed.begin() + 8, sealed.begin() + 12, aes_gcm_key_id(key).begin()));
    bytes out(plain.size());
    CHECK(aes_256_gcm_open(key, byte_view(sealed).subspan(12, 12), byte_view(sealed).first(12), byte_view(sealed).subspan(24), out));
    CHECK(out == plain);
}

TEST_CASE("an AES-256-GCM container opens, or says why not") {
    auto const key = noise(32, 1);
    for (std::size_t const len : {0U, 1U, 15U, 16U, 17U, 4096U, 1U << 20}) {
        auto const plain = noise(len, 3);
        CHECK(as_text(aes_gcm_open(key, aes_gcm_seal(key, plain)).value().bytes()) == as_text(plain));
    }
    auto const sealed = aes_gcm_seal(key, to_bytes("value"));
    CHECK(aes_gcm_open(noise(32, 2), sealed).error().code == errc::no_match);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] ^= 1;
        auto const opened = aes_gcm_open(key, changed);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == (i == 7 ? errc::unsupported : i >= 8 && i < 12 ? errc::no_match : errc::corrupt));
    }
    for (std::size_t len = 0; len < sealed.size(); ++len)
        CHECK(aes_gcm_open(key, byte_view(sealed).first(len)).error().code == errc::corrupt);
    auto longer = sealed;
    longer.push_back(0);
    CHECK(aes_gcm_open(key, longer).error().code == errc::corrupt);
}

TEST_CASE("Q14: sealing has no throttle and never repeats a nonce") {
    std::set<std::string> nonces;
    auto const key = noise(32);
    for (int i = 0; i < 10'000; ++i) {
        auto const sealed = aes_gcm_seal(key, {});
        nonces.emplace(as_text(byte_view(sealed).subspan(12, 12)));
    }
    CHECK(nonces.size() == 10'000);
}
