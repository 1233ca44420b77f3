#include "crypto/value_cipher.hpp"

#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/aes_gcm.hpp"
#include "support.hpp"

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

TEST_CASE("either mode opens what either mode wrote") {
    auto const key = std::make_shared<root_key const>(root_key::generate());
    value_cipher const age(key, cipher_mode::age);
    value_cipher const aes(key, cipher_mode::aes);
    CHECK(age.algorithm() == "age");
    CHECK(aes.algorithm() == "aes-256-gcm");
    for (std::size_t const len : {0U, 1U, 100'000U}) {
        auto const plain = noise(len);
        for (auto const& sealed : {age.encrypt(plain), aes.encrypt(plain)}) {
            CHECK(as_text(age.decrypt(sealed).value().bytes()) == as_text(plain));
            CHECK(as_text(aes.decrypt(sealed).value().bytes()) == as_text(plain));
        }
    }
    auto const armored = age_armor_encode(age.encrypt(as_bytes("x")));
    CHECK(age.decrypt(as_bytes(armored)).value().view() == "x");
}

TEST_CASE("another key is no match, damage is corrupt, and nonsense is corrupt") {
    auto const key = std::make_shared<root_key const>(root_key::generate());
    auto const other = std::make_shared<root_key const>(root_key::generate());
    for (auto const mode : {cipher_mode::age, cipher_mode::aes}) {
        value_cipher const mine(key, mode);
        value_cipher const theirs(other, mode);
        auto sealed = mine.encrypt(as_bytes("value"));
        CHECK(theirs.decrypt(sealed).error().code == errc::no_match);
        sealed.back() ^= 1;
        CHECK(mine.decrypt(sealed).error().code == errc::corrupt);
        CHECK(mine.decrypt({}).error().code == errc::corrupt);
        CHECK(mine.decrypt(noise(1000)).error().code == errc::corrupt);
    }
}

TEST_CASE("keys that were replaced still open, in both modes") {
    auto const before = std::make_shared<root_key const>(root_key::generate());
    auto const fresh = root_key::generate();
    std::string text(fresh.print().view());
    text += "\n" + std::string(before->print().view());
    auto const now = std::make_shared<root_key const>(root_key::parse(text).value());
    for (auto const mode : {cipher_mode::age, cipher_mode::aes})
        CHECK(value_cipher(now, mode).decrypt(value_cipher(before, mode).encrypt(as_bytes("old"))).value().view() == "old");
}

TEST_CASE("Q13: what AES mode writes cannot be changed unnoticed, nor read under a wrong key") {
    auto const key = std::make_shared<root_key const>(root_key::generate());
    value_cipher const cipher(key, cipher_mode::aes);
    auto const sealed = cipher.encrypt(as_bytes("amount=1"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] ^= 9;
        CHECK_FALSE(cipher.decrypt(changed).has_value());
    }
    CHECK_FALSE(value_cipher(std::make_shared<root_key const>(root_key::generate()), cipher_mode::aes).decrypt(sealed).has_value());
}

TEST_CASE("the original's CFB data is read only when the caller accepts it") {
    temp_folder folder;
    auto const before = std::make_shared<root_key const>(root_key::generate());
    write_file(folder / "plain", as_bytes("{\"name\":\"a\"}"));
    auto const iv = noise(16);
    REQUIRE(run({"openssl", "enc", "-aes-256-cfb", "-K", hex_encode(before->aes_key()), "-iv", hex_encode(iv), "-in", folder / "plain", "-out", folder / "sealed"}) == 0);
    auto file = iv;
    auto const text = read_bytes(folder / "sealed");
    file.insert(file.end(), text.begin(), text.end());

    auto const is_json = [](std::string_view plain) { return plain.starts_with('{') && plain.ends_with('}'); };
    value_cipher const mine(before, cipher_mode::age);
    CHECK(mine.decrypt(file).error().code == errc::corrupt);  // never by itself
    CHECK(mine.decrypt_cfb_compat(file, is_json).value().view() == "{\"name\":\"a\"}");

    value_cipher const other(std::make_shared<root_key const>(root_key::generate()), cipher_mode::age);
    CHECK(other.decrypt_cfb_compat(file, is_json).error().code == errc::no_match);
    std::string both(other.key()->print().view());
    both += "\n" + hex_encode(before->aes_key());
    value_cipher const later(std::make_shared<root_key const>(root_key::parse(both).value()), cipher_mode::age);
    CHECK(later.decrypt_cfb_compat(file, is_json).value().view() == "{\"name\":\"a\"}");
}

TEST_CASE("with another key, all is written under it, and what was written before still opens") {
    for (auto const mode : {cipher_mode::age, cipher_mode::aes}) {
        auto const first = std::make_shared<root_key const>(root_key::generate());
        auto const second = std::make_shared<root_key const>(root_key::generate().in_place_of(*first));
        value_cipher cipher(first, mode);
        cipher.prepare();
        auto const before = cipher.encrypt(as_bytes("v"));
        cipher.prepare();  // of the first key: must not be used for the second
        cipher.use(second);
        CHECK(cipher.key()->id() == second->id());
        auto const after = cipher.encrypt(as_bytes("w"));
        CHECK(cipher.decrypt(before).value().view() == "v");
        CHECK(cipher.decrypt(after).value().view() == "w");
        value_cipher const old(first, mode);
        CHECK(old.decrypt(after).error().code == errc::no_match);

        auto const never = [](std::string_view) { return false; };
        CHECK_FALSE(cipher.renewed(after, never).value());
        auto const renewed = cipher.renewed(before, never).value();
        REQUIRE(renewed);
        auto const alone = second->without(first->id()).value();
        CHECK(open_with(alone.ring(), *renewed).value().view() == "v");
        CHECK(open_with(alone.ring(), before).error().code == errc::no_match);
        CHECK(old.renewed(after, never).error().code == errc::no_match);
        auto damaged = before;
        damaged.back() ^= 1;
        CHECK(cipher.renewed(damaged, never).error().code == errc::corrupt);
    }
}

TEST_CASE("what the original wrote without authentication is always to be renewed, if it makes sense") {
    // AES-256-CFB of `{"name":"a"}`, as in the case above: under the present key, and under one that was replaced.
    auto const now = std::make_shared<root_key const>(root_key::generate());
    value_cipher const cipher(now, cipher_mode::age);
    auto const rubbish = noise(40);
    CHECK(cipher.renewed(rubbish, [](std::string_view) { return false; }).error().code == errc::no_match);
    auto const taken = cipher.renewed(rubbish, [](std::string_view) { return true; }).value();
    REQUIRE(taken);
    CHECK(cipher.decrypt(*taken).value().size() == 40 - 16);
}
