#include "crypto/age_keys.hpp"

#include "crypto/bech32.hpp"
#include "support.hpp"

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

TEST_CASE("an identity prints and parses, and knows its recipient") {
    auto const identity = age_identity::generate();
    auto const text = identity.print();
    CHECK(text.size() == 74);
    CHECK(text.view().starts_with("AGE-SECRET-KEY-1"));
    auto const again = age_identity::parse(text.view()).value();
    CHECK(again.recipient() == identity.recipient());
    CHECK(identity.recipient().print().size() == 62);
    CHECK(age_recipient::parse(identity.recipient().print()).value() == identity.recipient());
    CHECK(identity.recipient().id().size() == 8);
    CHECK(age_identity::generate().recipient() != identity.recipient());
}

TEST_CASE("malformed keys are refused, and never quoted") {
    auto const identity = age_identity::generate();
    std::string const secret(identity.print().view());
    auto lower = secret;
    for (auto& c : lower) c = static_cast<char>(std::tolower(c));
    auto cut = secret.substr(0, 73);
    for (std::string const& bad : {std::string(), lower, cut, secret + " ", "age1" + secret, identity.recipient().print(),
                                   std::string(bech32_encode("AGE-SECRET-KEY-", bytes(31, 1)).view())}) {
        auto const parsed = age_identity::parse(bad);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == errc::invalid);
        if (bad.size() > 40) CHECK_FALSE(parsed.error().what.contains(bad.substr(20, 20)));
    }
    CHECK_FALSE(age_recipient::parse(secret).has_value());
    CHECK_FALSE(age_recipient::parse(std::string(bech32_encode("AGE", bytes(32, 9)).view())).has_value());
    CHECK(age_recipient::parse(bech32_encode("age", bytes(33, 1)).view()).error().code == errc::invalid);
}

TEST_CASE("other kinds of age keys are unsupported, not malformed") {
    CHECK(age_recipient::parse(bech32_encode("age1pq", bytes(1216, 1)).view()).error().code == errc::unsupported);
    CHECK(age_recipient::parse(bech32_encode("age1yubikey", bytes(33, 1)).view()).error().code == errc::unsupported);
    CHECK(age_identity::parse(bech32_encode("AGE-SECRET-KEY-PQ-", bytes(32, 1)).view()).error().code == errc::unsupported);
    CHECK(age_identity::parse(bech32_encode("AGE-PLUGIN-YUBIKEY-", bytes(32, 1)).view()).error().code == errc::unsupported);
}

TEST_CASE("a recipient whose files anybody could read is refused") {
    CHECK_FALSE(age_recipient::parse(bech32_encode("age", bytes(32, 0)).view()).has_value());
}
