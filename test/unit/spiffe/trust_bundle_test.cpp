#include "spiffe/trust_bundle.hpp"

#include "certificates.hpp"
#include "spiffe/peer_verifier.hpp"

#include <thread>

using namespace vsecm;
using namespace vsecm::spiffe;
using namespace std::chrono_literals;
using vsecm::test::ca_shape;
using vsecm::test::joined;
using vsecm::test::make;
using vsecm::test::shape;

namespace {

std::shared_ptr<trust_bundles const> trust(std::map<std::string, der> const& roots,
                                           std::shared_ptr<trust_bundles const> previous = {}) {
    return trust_bundles::make(roots, {}, std::move(previous)).value();
}

base::result<trust_bundles::verdict> verify(trust_bundles const& bundles, test::pair const& leaf,
                                            std::vector<test::pair const*> intermediates = {},
                                            base::system_time when = test::now()) {
    x509_stack_ptr const stack{sk_X509_new_null()};
    for (auto const* one : intermediates) {
        X509_up_ref(one->certificate.get());
        sk_X509_push(stack.get(), one->certificate.get());
    }
    return bundles.verify(leaf.certificate.get(), stack.get(), when);
}

}  // namespace

TEST_CASE("a peer is who a root of its own trust domain says it is") {
    auto const td = make(ca_shape("td"));
    auto const other = make(ca_shape("other.org"));
    auto const bundles = trust({{"td", td.bytes()}, {"other.org", other.bytes()}});
    auto const found = verify(*bundles, make({}, &td));
    REQUIRE(found);
    CHECK(found->id.text() == "spiffe://td/workload");
    CHECK(found->root == sha256_of(td.certificate.get()));
    CHECK(bundles->has_root("td", found->root));
    CHECK_FALSE(bundles->has_root("other.org", found->root));
    CHECK(found->expires < test::now() + 61min);

    CHECK(verify(*bundles, make({.san = "URI:spiffe://other.org/x"}, &other)));
    // The other domain's root may not vouch for an ID of ours.
    CHECK(verify(*bundles, make({}, &other)).error().code == base::errc::denied);
    CHECK(verify(*bundles, make({.san = "URI:spiffe://third.org/x"}, &td)).error().what.contains("nothing is known"));
    CHECK(verify(*trust({{"td", {}}}), make({}, &td)).error().code == base::errc::denied);
    CHECK(verify(*bundles, make({})).error().code == base::errc::denied);  // signs itself
    for (auto const* usage : {"serverAuth", "clientAuth", "codeSigning", "serverAuth,clientAuth"})
        CHECK(verify(*bundles, make({.extended_usage = usage}, &td)));
}

TEST_CASE("a peer's certificate that breaks a rule is refused with the rule's name") {
    auto const td = make(ca_shape("td"));
    auto const bundles = trust({{"td", td.bytes()}});
    for (auto const& [bad, why] : test::shapes_nobody_takes()) test::check_refused(verify(*bundles, make(bad, &td)), base::errc::denied, why);
    for (auto const& [bad, why] : {
             test::bad_shape{{.usage = "critical,keyCertSign"}, "may sign"},
             test::bad_shape{{.lives = -1s}, "expired"},
             test::bad_shape{{.begins = 1h, .lives = 2h}, "not yet valid"},
         })
        test::check_refused(verify(*bundles, make(bad, &td)), base::errc::denied, why);
}

TEST_CASE("chains through intermediates, whose earliest date and whose rules count") {
    auto const root = make(ca_shape("td"));
    auto short_lived = ca_shape("td");
    short_lived.lives = 5min;
    auto const intermediate = make(short_lived, &root);
    auto const leaf = make({}, &intermediate);
    auto const bundles = trust({{"td", root.bytes()}});
    auto const found = verify(*bundles, leaf, {&intermediate});
    REQUIRE(found);
    CHECK(found->expires < test::now() + 6min);
    CHECK_FALSE(verify(*bundles, leaf).has_value());
    CHECK_FALSE(verify(*bundles, leaf, {&intermediate}, test::now() + 6min).has_value());

    // A workload's leaf cannot mint workloads.
    auto const workload = make({.san = "URI:spiffe://td/evil"}, &root);
    auto const forged = make({.san = "URI:spiffe://td/victim"}, &workload);
    CHECK_FALSE(verify(*bundles, forged, {&workload}).has_value());
    // Nor can a certificate that only says keyCertSign without being a CA.
    shape half_ca;
    half_ca.constraints = "";
    half_ca.usage = "critical,keyCertSign";
    auto const half = make(half_ca, &root);
    CHECK_FALSE(verify(*bundles, make({.san = "URI:spiffe://td/victim"}, &half), {&half}).has_value());

    // An intermediate in the bundle is an anchor (Go does the same), and a crowd of certificates is not looked at.
    CHECK(verify(*trust({{"td", intermediate.bytes()}}), leaf));
    std::vector<test::pair const*> const crowd(20, &intermediate);
    CHECK(verify(*bundles, leaf, crowd).error().what.contains("more than"));
    // A leaf in the bundle does not vouch for itself.
    CHECK_FALSE(verify(*trust({{"td", workload.bytes()}}), workload).has_value());
}

TEST_CASE("bundles: the same content keeps its generation, rotation changes it, damage names the domain") {
    auto const one = make(ca_shape("td"));
    auto const two = make(ca_shape("td"));
    auto const first = trust({{"td", one.bytes()}});
    CHECK(trust({{"td", one.bytes()}}, first) == first);
    auto const both = trust({{"td", joined({one.bytes(), two.bytes()})}}, first);
    CHECK(both->generation() > first->generation());
    CHECK(trust({{"td", joined({two.bytes(), one.bytes()})}}, both) == both);
    CHECK(trust({{"td", one.bytes()}}, both)->generation() > both->generation());
    auto broken = one.bytes();
    broken.resize(broken.size() - 1);
    auto const bad = trust_bundles::make({{"td", one.bytes()}, {"other.org", broken}});
    CHECK(bad.error().code == base::errc::corrupt);
    CHECK(bad.error().what.contains("other.org"));
}

TEST_CASE("a malformed federated bundle costs its own trust domain and nobody else") {
    auto const ours = make(ca_shape("td"));
    auto const good = make(ca_shape("good.org"));
    auto const bad = make(ca_shape("bad.org"));
    auto broken = joined({bad.bytes(), bad.bytes()});
    broken.resize(broken.size() - 1);
    bundle_map const own{{"td", ours.bytes()}};
    auto const bundles = trust_bundles::make(own, {{"spiffe://good.org", good.bytes()}, {"bad.org", broken}, {"Not A Domain", good.bytes()}}).value();
    CHECK(bundles->num_domains() == 2);
    CHECK(verify(*bundles, make({}, &ours)));
    CHECK(verify(*bundles, make({.san = "URI:spiffe://good.org/x"}, &good)));
    // Not half trusted: its first root did parse.
    CHECK(verify(*bundles, make({.san = "URI:spiffe://bad.org/x"}, &bad)).error().what.contains("nothing is known"));
    CHECK(trust_bundles::make({{"td", broken}}, {{"good.org", good.bytes()}}).error().code == base::errc::corrupt);

    // Repaired, it is a new generation; broken again, it is trusted no more.
    auto const repaired = trust_bundles::make(own, {{"good.org", good.bytes()}, {"bad.org", bad.bytes()}}, bundles).value();
    CHECK(repaired->generation() > bundles->generation());
    CHECK(repaired->has_root("bad.org", sha256_of(bad.certificate.get())));
    auto const again = trust_bundles::make(own, {{"good.org", good.bytes()}, {"bad.org", broken}}, repaired).value();
    CHECK_FALSE(again->has_root("bad.org", sha256_of(bad.certificate.get())));

    // A federated entry for our own domain does not replace what is ours.
    auto const foreign = trust_bundles::make(own, {{"td", good.bytes()}}).value();
    CHECK(verify(*foreign, make({}, &ours)));
    CHECK_FALSE(verify(*foreign, make({}, &good)).has_value());
}

TEST_CASE("a remembered leaf is believed until its chain's first date, and no longer") {
    auto const root = make(ca_shape("td"));
    auto short_lived = ca_shape("td");
    short_lived.lives = 5min;
    auto const intermediate = make(short_lived, &root);
    auto const leaf = make({}, &intermediate);
    x509_stack_ptr const stack{sk_X509_new_null()};
    X509_up_ref(intermediate.certificate.get());
    sk_X509_push(stack.get(), intermediate.certificate.get());

    base::manual_clock clock(test::now());
    auto holder = std::make_shared<bundle_holder>();
    auto const bundles = trust({{"td", root.bytes()}});
    holder->store(bundles);
    std::string refused;
    peer_verifier const verifier(bundles, holder, [&](std::string_view who) -> base::status {
        if (who == refused) return base::fail(base::errc::denied, "not {}", who);
        return {};
    }, clock);

    auto const before = num_remembered_leaves();
    auto const first = verifier.judge(leaf.certificate.get(), stack.get());
    REQUIRE(first);
    CHECK(num_remembered_leaves() == before + 1);
    // The same leaf with no intermediates at all: remembered.
    auto const again = verifier.judge(leaf.certificate.get(), nullptr);
    REQUIRE(again);
    CHECK(*again == *first);
    // The authoriser is asked every time.
    refused = "spiffe://td/workload";
    CHECK(verifier.judge(leaf.certificate.get(), stack.get()).error().what == "not spiffe://td/workload");
    refused.clear();
    CHECK((*first)->still_valid(clock.now()));
    clock.advance(6min);
    CHECK_FALSE((*first)->still_valid(clock.now()));
    CHECK_FALSE(verifier.judge(leaf.certificate.get(), stack.get()).has_value());
    CHECK_FALSE(verifier.judge(leaf.certificate.get(), nullptr).has_value());

    // Another thread, another memory.
    std::size_t elsewhere = 99;
    std::thread([&] { elsewhere = num_remembered_leaves(); }).join();
    CHECK(elsewhere == 0);
}

TEST_CASE("a connection is good as long as the root it led to is trusted") {
    auto const one = make(ca_shape("td"));
    auto const two = make(ca_shape("td"));
    auto const leaf = make({}, &one);
    auto holder = std::make_shared<bundle_holder>();
    auto const first = trust({{"td", one.bytes()}});
    holder->store(first);
    peer_verifier const verifier(first, holder, {}, base::system_clock());
    auto const peer = verifier.judge(leaf.certificate.get(), nullptr).value();
    CHECK(peer->still_valid(test::now()));
    auto const both = trust({{"td", joined({two.bytes(), one.bytes()})}}, first);
    holder->store(both);
    CHECK(peer->still_valid(test::now()));
    auto const gone = trust({{"td", two.bytes()}}, both);
    holder->store(gone);
    CHECK_FALSE(peer->still_valid(test::now()));
    // A new generation does not know the remembered leaf any more.
    peer_verifier const later(gone, holder, {}, base::system_clock());
    CHECK_FALSE(later.judge(leaf.certificate.get(), nullptr).has_value());
    holder->store(trust({{"other.org", two.bytes()}}, gone));
    CHECK_FALSE(peer->still_valid(test::now()));
}

TEST_CASE("the memory of leaves is bounded") {
    auto const root = make(ca_shape("td"));
    auto const bundles = trust({{"td", root.bytes()}});
    auto holder = std::make_shared<bundle_holder>();
    holder->store(bundles);
    auto const leaf = make({}, &root);
    // Generations are part of the key: many generations of the same leaf fill it as many leaves would.
    auto const other = make(ca_shape("other.org"));
    auto previous = bundles;
    for (int i = 0; i < 9000; ++i) {
        previous = trust(i % 2 == 0 ? std::map<std::string, der>{{"td", root.bytes()}, {"other.org", other.bytes()}}
                                    : std::map<std::string, der>{{"td", root.bytes()}},
                         previous);
        peer_verifier const verifier(previous, holder, {}, base::system_clock());
        REQUIRE(verifier.judge(leaf.certificate.get(), nullptr));
    }
    CHECK(num_remembered_leaves() <= 8192);
}
