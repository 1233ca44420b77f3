#include "crypto/root_key.hpp"

#include "support.hpp"

#include <algorithm>

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

namespace {

struct parts {
    std::string secret, recipient, seed;
    parts() {
        auto const identity = age_identity::generate();
        secret = identity.print().view();
        recipient = identity.recipient().print();
        seed = hex_encode(noise(32));
    }
    std::string text() const { return secret + "\n" + recipient + "\n" + seed; }
};

}  // namespace

TEST_CASE("a generated root key prints three lines and parses back") {
    auto const key = root_key::generate();
    auto const text = key.print();
    CHECK(std::ranges::count(text.view(), '\n') == 2);
    CHECK(text.size() == 74 + 1 + 62 + 1 + 64);
    auto const again = root_key::parse(text.view()).value();
    CHECK(again.print().view() == text.view());
    CHECK(again.id() == key.id());
    CHECK(as_text(again.aes_key()) == as_text(key.aes_key()));
    CHECK(key.id().size() == 8);
}

TEST_CASE("a root key is read as the original wrote it, and as an editor left it") {
    parts const p;
    for (std::string const& text : {p.text(), p.text() + "\n", "\n\n" + p.text() + "\n\n", p.secret + "\r\n" + p.recipient + "\r\n" + p.seed + "\r\n",
                                    " " + p.secret + " \n\t" + p.recipient + "\n" + p.seed + "  "}) {
        INFO(text);
        auto const key = root_key::parse(text);
        REQUIRE(key);
        CHECK(key->print().view() == p.text());
    }
    CHECK(root_key::from_parts(p.secret, p.recipient + "\n", p.seed).value().print().view() == p.text());
}

TEST_CASE("further lines are keys that only decrypt") {
    parts const now, before;
    auto const text = now.text() + "\n# replaced in May\n" + before.secret + "\n" + before.recipient + "\n" + before.seed + "\n";
    auto const key = root_key::parse(text).value();
    REQUIRE(key.identities().size() == 2);
    CHECK(key.identities()[0].recipient().print() == now.recipient);
    CHECK(key.identities()[1].recipient().print() == before.recipient);
    CHECK(key.ring().aes_seeds().size() == 2);
    CHECK(key.recipient().print() == now.recipient);
    auto const again = root_key::parse(key.print().view()).value();
    CHECK(again.identities().size() == 2);
    CHECK(again.ring().aes_seeds().size() == 2);
    CHECK(key.print().view().starts_with(now.text()));  // the original reads the first three lines
}

TEST_CASE("Q17: a root key that is not one is refused, and never quoted") {
    parts const p, other;
    for (std::string const& text :
         {std::string(), std::string(" \n "), std::string("{}"), p.secret, p.secret + "\n" + p.recipient, p.secret + "\n" + other.recipient + "\n" + p.seed,
          p.recipient + "\n" + p.secret + "\n" + p.seed, p.secret + "\n" + p.recipient + "\n" + p.seed.substr(1), p.secret + "\n" + p.recipient + "\n" + p.seed + "0",
          p.secret + "\n" + p.recipient + "\nzz" + p.seed.substr(2), p.secret + "\n\n" + p.recipient + "\n" + p.seed, p.text() + "\nnonsense",
          p.text() + "\n" + p.secret.substr(0, 70)}) {
        INFO(text);
        auto const key = root_key::parse(text);
        REQUIRE_FALSE(key);
        CHECK(key.error().code == errc::invalid);
        CHECK_FALSE(key.error().what.contains(p.secret.substr(20, 20)));
        CHECK_FALSE(key.error().what.contains(p.seed.substr(20, 20)));
    }
    CHECK(root_key::parse(p.text() + std::string(300'000, '\n') + "#").error().code == errc::too_large);
}

TEST_CASE("one line is enough for a key ring") {
    parts const p;
    CHECK(key_ring::parse(p.secret).value().identities().size() == 1);
    CHECK(key_ring::parse(p.seed + "\r\n").value().aes_seeds().size() == 1);
    auto const whole = key_ring::parse(p.text()).value();
    CHECK((whole.identities().size() == 1 && whole.aes_seeds().size() == 1));
    CHECK(key_ring::parse("# created: today\n# public key: " + p.recipient + "\n" + p.secret + "\n").has_value());  // what age-keygen writes
    for (std::string const& text : {std::string(), p.recipient, std::string("# nothing"), p.seed + "00", p.secret + " " + p.seed}) {
        INFO(text);
        CHECK(key_ring::parse(text).error().code == errc::invalid);
    }
    CHECK(key_ring::parse(p.secret + "\nrubbish").error().what.starts_with("line 2: "));

    std::vector<std::string> passed_over;
    auto const damaged = key_ring::parse(p.secret.substr(1) + "\n" + p.recipient + "\n" + p.seed, &passed_over);
    CHECK(damaged.value().aes_seeds().size() == 1);
    REQUIRE(passed_over.size() == 1);
    CHECK(passed_over[0].starts_with("line 1: "));
    CHECK_FALSE(key_ring::parse("rubbish", &passed_over).has_value());
}

TEST_CASE("derived keys depend on label and seed, and stay the same for ever") {
    auto const seed = std::string(64, '0');
    auto const identity = age_identity::generate();
    auto const key = root_key::from_parts(identity.print().view(), identity.recipient().print(), seed).value();
    // The RFC 5869 answer for ikm = 32 zero bytes, no salt, info "vsecm/etag", computed elsewhere.
    CHECK(hex_encode(key.derive("etag").view()) == "42964266104fca00e1d04d63e79ae716f368f02ae243aa83777822dbe376b56c");
    CHECK(hex_encode(aes_gcm_key_of(key.aes_key()).view()) == "822ed223f0897562d00e7f900114c6eb39a7ed5f933d6d1ef76e0bcfae23834b");
    CHECK(hex_encode(key.derive("etag").view()) != hex_encode(key.derive("etags").view()));
    CHECK(hex_encode(key.derive("etag").view()) != hex_encode(root_key::generate().derive("etag").view()));
}

TEST_CASE("a replaced key stays, both halves together, until it is taken out") {
    auto const first = root_key::generate(), second = root_key::generate(), third = root_key::generate();
    auto const both = second.in_place_of(first);
    auto const all = third.in_place_of(both);
    CHECK(all.id() == third.id());
    CHECK(all.older_ids() == std::vector{second.id(), first.id()});
    CHECK(all.print().view().starts_with(third.print().view()));
    auto const again = root_key::parse(all.print().view()).value();
    CHECK(again.print().view() == all.print().view());
    CHECK(again.older_ids() == all.older_ids());

    auto const rest = again.without(second.id()).value();
    CHECK(rest.older_ids() == std::vector{first.id()});
    CHECK(rest.print().view() == third.in_place_of(first).print().view());
    CHECK(again.without(third.id()).error().code == errc::not_found);  // the present one is no replaced one
    CHECK(rest.without(second.id()).error().code == errc::not_found);
    CHECK(rest.without(first.id()).value().print().view() == third.print().view());

    // Back to a key that was replaced: it is there once.
    auto const back = first.in_place_of(all);
    CHECK(back.id() == first.id());
    CHECK(back.older_ids() == std::vector{third.id(), second.id()});
}

TEST_CASE("a key that comes back with another seed keeps the seed that it had") {
    parts const first;
    auto const before = root_key::parse(first.text()).value(), between = root_key::generate();
    auto const again = root_key::parse(first.secret + "\n" + first.recipient + "\n" + std::string(64, '7')).value();
    auto const all = again.in_place_of(between.in_place_of(before));
    auto const without_it = again.in_place_of(between);
    CHECK(all.print().view() == std::string(without_it.print().view()) + "\n" + first.secret + "\n" + first.seed);
    CHECK(all.older_ids() == std::vector{between.id(), before.id()});
    CHECK(all.without(before.id()).value().print().view() == without_it.print().view());
}

TEST_CASE("halves of replaced keys that stand alone are keys of their own") {
    parts const now, one, other;
    auto const key = root_key::parse(now.text() + "\n" + one.seed + "\n" + other.secret + "\n" + other.recipient + "\n" + other.seed + "\n" + one.secret).value();
    auto const ids = key.older_ids();
    REQUIRE(ids.size() == 3);
    CHECK(ids[0].size() == 8);
    CHECK(ids[1] == age_identity::parse(other.secret).value().recipient().id());
    CHECK(ids[2] == age_identity::parse(one.secret).value().recipient().id());
    CHECK(key.without(ids[0]).value().print().view() == now.text() + "\n" + other.secret + "\n" + other.seed + "\n" + one.secret);
    CHECK(key.without(ids[1]).value().print().view() == now.text() + "\n" + one.seed + "\n" + one.secret);

    std::vector<secret_text> lines;
    for (auto const& line : {one.seed, other.secret, other.seed, one.secret}) lines.emplace_back(line);
    CHECK(root_key::from_parts(now.secret, now.recipient, now.seed, lines).value().print().view() == key.print().view());
    lines.emplace_back(one.secret + "\n" + one.seed);
    CHECK(root_key::from_parts(now.secret, now.recipient, now.seed, lines).error().code == errc::invalid);
}
