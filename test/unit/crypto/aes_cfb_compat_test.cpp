#include "crypto/aes_cfb_compat.hpp"

#include "support.hpp"

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

TEST_CASE("CFB-128 gives the answer of NIST SP 800-38A F.3.18") {
    auto const key = unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    auto const file = unhex(
        "000102030405060708090a0b0c0d0e0f"
        "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407bdf10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471");
    CHECK(hex_encode(aes_cfb_compat_open(key, file).value().bytes()) ==
          "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
}

TEST_CASE("what `openssl enc -aes-256-cfb` wrote is read") {
    temp_folder folder;
    auto const key = noise(32, 5);
    auto const iv = noise(16, 6);
    for (std::size_t const len : {0U, 1U, 16U, 1000U}) {
        auto const plain = noise(len, 7);
        write_file(folder / "plain", plain);
        REQUIRE(run({"openssl", "enc", "-aes-256-cfb", "-K", hex_encode(key), "-iv", hex_encode(iv), "-in", folder / "plain", "-out", folder / "sealed"}) == 0);
        auto file = iv;
        auto const text = read_bytes(folder / "sealed");
        file.insert(file.end(), text.begin(), text.end());
        CHECK(as_text(aes_cfb_compat_open(key, file).value().bytes()) == as_text(plain));
    }
}

TEST_CASE("CFB input shorter than its IV is corrupt") {
    CHECK(aes_cfb_compat_open(bytes(32), bytes(15)).error().code == errc::corrupt);
    CHECK(aes_cfb_compat_open(bytes(32), bytes(16)).value().empty());
}
