#include "crypto/aead.hpp"

#include "support.hpp"

#include <algorithm>

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

namespace {

using seal_function = void (*)(byte_view, byte_view, byte_view, byte_view, byte_span);
using open_function = bool (*)(byte_view, byte_view, byte_view, byte_view, byte_span);

void check_vector(seal_function seal, open_function open, bytes const& key, bytes const& nonce, bytes const& aad, bytes const& plain,
                  std::string_view sealed_hex) {
    bytes sealed(plain.size() + aead_tag_len);
    seal(key, nonce, aad, plain, sealed);
    CHECK(hex_encode(sealed) == sealed_hex);
    bytes out(plain.size());
    CHECK(open(key, nonce, aad, sealed, out));
    CHECK(out == plain);

    for (std::size_t i = 0; i < sealed.size(); ++i) {
        sealed[i] ^= 0x40;
        std::ranges::fill(out, 0xee);
        CHECK_FALSE(open(key, nonce, aad, sealed, out));
        CHECK(std::ranges::all_of(out, [](auto b) { return b == 0; }));  // nothing unauthenticated comes out
        sealed[i] ^= 0x40;
    }
    CHECK_FALSE(open(key, nonce, to_bytes("other"), sealed, out));
    CHECK_FALSE(open(key, nonce, aad, byte_view(sealed).first(15), {}));
}

}  // namespace

TEST_CASE("ChaCha20-Poly1305 gives the answer of RFC 8439 section 2.8.2") {
    bytes key(32);
    for (unsigned i = 0; i < 32; ++i) key[i] = static_cast<std::uint8_t>(0x80 + i);
    check_vector(chacha20_poly1305_seal, chacha20_poly1305_open, key, unhex("070000004041424344454647"), unhex("50515253c0c1c2c3c4c5c6c7"),
                 to_bytes("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."),
                 "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b6"
                 "7ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
                 "1ae10b594f09e26a7e902ecbd0600691");
}

TEST_CASE("AES-256-GCM gives the answers of NIST's test cases 13, 14 and 16") {
    check_vector(aes_256_gcm_seal, aes_256_gcm_open, bytes(32), bytes(12), {}, {}, "530f8afbc74536b9a963b4f1c4cb738b");
    check_vector(aes_256_gcm_seal, aes_256_gcm_open, bytes(32), bytes(12), {}, bytes(16),
                 "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    check_vector(aes_256_gcm_seal, aes_256_gcm_open, unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                 unhex("cafebabefacedbaddecaf888"), unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                 unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
                 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                 "76fc6ece0f4e1768cddf8853bb2d551b");
}
