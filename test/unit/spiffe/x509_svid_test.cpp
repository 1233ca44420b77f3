#include "spiffe/x509_svid.hpp"

#include "certificates.hpp"

#include <random>

using namespace vsecm;
using namespace vsecm::spiffe;
using namespace std::chrono_literals;
using vsecm::test::ca_shape;
using vsecm::test::joined;
using vsecm::test::make;

namespace {

constexpr std::string_view id = "spiffe://td/workload";

base::result<x509_svid> parse(test::pair const& leaf, std::vector<der> rest = {}, std::string_view id_text = id) {
    rest.insert(rest.begin(), leaf.bytes());
    return x509_svid::parse(id_text, joined(rest), leaf.pkcs8().view(), "hint");
}

}  // namespace

TEST_CASE("an SVID of SPIRE's shape is taken, with keys of every accepted kind") {
    auto const ca = make(ca_shape());
    for (auto const* key : {"P-256", "P-384", "P-521", "rsa2048", "ed25519"}) {
        CAPTURE(key);
        auto const leaf = make({.key = key}, &ca);
        auto const svid = parse(leaf);
        REQUIRE(svid);
        CHECK(svid->id().text() == id);
        CHECK(svid->hint() == "hint");
        CHECK(svid->chain().size() == 1);
        CHECK(svid->key().size() == leaf.pkcs8().size());
        CHECK(svid->expires() > test::now() + 50min);
        CHECK(svid->not_before() < test::now());
    }
}

TEST_CASE("the earliest expiry of the chain counts, and intermediates must be able to sign") {
    auto const root = make(ca_shape());
    auto soon = ca_shape();
    soon.lives = 10min;
    auto const intermediate = make(soon, &root);
    auto const leaf = make({}, &intermediate);
    auto const svid = parse(leaf, {intermediate.bytes()});
    REQUIRE(svid);
    CHECK(svid->chain().size() == 2);
    CHECK(svid->expires() < test::now() + 11min);

    auto const other_leaf = make({.san = "URI:spiffe://td/other"}, &root);
    CHECK(parse(leaf, {other_leaf.bytes()}).error().code == base::errc::corrupt);
    auto no_usage = ca_shape();
    no_usage.usage = "";
    CHECK(parse(leaf, {make(no_usage, &root).bytes()}).error().code == base::errc::corrupt);
}

TEST_CASE("an own SVID that breaks a rule is refused with the rule's name") {
    auto const ca = make(ca_shape());
    for (auto const& [bad, why] : test::shapes_nobody_takes()) test::check_refused(parse(make(bad, &ca)), base::errc::corrupt, why);
    for (auto const& [bad, why] : {
             test::bad_shape{{.san = "URI:spiffe://td/other"}, "the certificate says"},
             test::bad_shape{{.usage = "critical,keyEncipherment"}, "digitalSignature"},
             test::bad_shape{{.usage = ""}, "digitalSignature"},
             test::bad_shape{{.key = "rsa1024"}, "RSA key of 1024 bits"},
         })
        test::check_refused(parse(make(bad, &ca)), base::errc::corrupt, why);
    // DNS names beside the one URI are fine.
    CHECK(parse(make({.san = "DNS:a.example,URI:spiffe://td/workload,IP:127.0.0.1"}, &ca)));
}

TEST_CASE("the key must be the leaf's, whole and alone") {
    auto const ca = make(ca_shape());
    auto const leaf = make({}, &ca);
    auto const other = make({}, &ca);
    auto const good = leaf.pkcs8();
    CHECK(x509_svid::parse(id, leaf.bytes(), other.pkcs8().view()).error().what.contains("does not belong"));
    CHECK(x509_svid::parse(id, leaf.bytes(), {}).error().code == base::errc::corrupt);
    CHECK(x509_svid::parse(id, leaf.bytes(), good.view().first(good.size() - 1)).error().code == base::errc::corrupt);
    std::vector<std::uint8_t> longer(good.view().begin(), good.view().end());
    longer.push_back(0);
    CHECK(x509_svid::parse(id, leaf.bytes(), longer).error().code == base::errc::corrupt);
}

TEST_CASE("DER is cut apart by its lengths and nothing else") {
    auto const ca = make(ca_shape());
    auto const one = ca.bytes();
    auto const two = joined({one, one});
    CHECK(split_der({}, 4).value().empty());
    CHECK(split_der(two, 4).value().size() == 2);
    CHECK(split_der(two, 1).error().code == base::errc::corrupt);
    for (std::size_t len = 1; len < one.size(); ++len)
        CHECK(split_der(base::byte_view(one).first(len), 4).error().code == base::errc::corrupt);
    std::vector<std::vector<std::uint8_t>> const bad{
        {0x30, 0x80, 0x00, 0x00},                          // indefinite
        {0x30, 0x81, 0x01, 0x00},                          // not minimal
        {0x30, 0x82, 0x00, 0x80},                          // not minimal
        {0x30, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00},        // longer than anything
        {0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00},        // past the end
        {0x31, 0x00},                                      // not a SEQUENCE
        {0x2d, 0x2d, 0x2d, 0x2d, 0x2d},                    // PEM
    };
    for (auto const& bytes : bad) CHECK(split_der(bytes, 4).error().code == base::errc::corrupt);
}

TEST_CASE("damaged SVIDs never pass and never crash") {
    auto const ca = make(ca_shape());
    auto const leaf = make({}, &ca);
    auto const chain = joined({leaf.bytes(), ca.bytes()});
    auto const key = leaf.pkcs8();
    std::mt19937 random(11);
    for (int round = 0; round < 3000; ++round) {
        auto bytes = chain;
        for (auto flips = 1 + random() % 4; flips > 0; --flips) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        if (random() % 4 == 0) bytes.resize(random() % bytes.size());
        auto const svid = x509_svid::parse(id, bytes, key.view());
        // A flipped signature or date is not seen here (the peers see it): identity and key still hold.
        if (svid) CHECK(svid->id().text() == id);
    }
}
