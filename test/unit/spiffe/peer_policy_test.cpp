#include "spiffe/peer_policy.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::spiffe;
using config::identity_patterns;

namespace {

std::string id(std::string_view name, std::string_view space = "default", std::string_view account = {}) {
    return std::format("spiffe://vsecm.com/workload/{}/ns/{}/sa/{}/n/{}-1", name, space, account.empty() ? name : account, name);
}

peer_policy policy(identity_patterns settings = {}) { return peer_policy::make(std::move(settings)).value(); }

}  // namespace

TEST_CASE("the default layout tells every kind of caller, its name and its namespace") {
    auto const p = policy();
    auto const workload = p.classify(id("billing", "shop"));
    CHECK(workload.kind == caller_kind::workload);
    CHECK(workload.workload_name == "billing");
    CHECK(workload.workload_namespace == "shop");
    CHECK(p.classify(id("vsecm-safe", "vsecm-system")).kind == caller_kind::safe);
    CHECK(p.classify(id("vsecm-sentinel", "vsecm-system")).kind == caller_kind::sentinel);
    CHECK(p.classify(id("vsecm-sentinel", "vsecm-system")).workload_name == "vsecm-sentinel");
    CHECK(p.classify(id("vsecm-scout", "vsecm-system")).kind == caller_kind::scout);
    CHECK(p.classify(id("vsecm-clerk", "default")).kind == caller_kind::clerk);
    CHECK(p.has_namespaces());
    for (auto const* stranger : {"", "spiffe://vsecm.com/other/a", "spiffe://vsecm.com/workload/a/ns/b/sa/c/n/",
                                 "spiffe://other.com/workload/a/ns/b/sa/c/n/d", "spiffe://vsecm.com/workload/a/ns/b/sa/c/n/d/e"}) {
        CAPTURE(stranger);
        CHECK(p.classify(stranger).kind == caller_kind::unknown);
        CHECK(p.classify(stranger).workload_name.empty());
    }
}

TEST_CASE("Q10: a part's name in another namespace or account is only a workload") {
    auto const p = policy();
    for (auto const* name : {"vsecm-safe", "vsecm-sentinel", "vsecm-scout"}) {
        CHECK(p.classify(id(name, "evil")).kind == caller_kind::workload);
        CHECK(p.classify(id(name, "vsecm-system", "evil")).kind == caller_kind::workload);
    }
    CHECK(p.classify(id("vsecm-clerk", "vsecm-system")).kind == caller_kind::workload);
    // A workload called "ns" does not move the namespace.
    CHECK(p.classify(id("ns", "real")).workload_namespace == "real");
}

TEST_CASE("Q33: a dot is a dot, in our defaults and in the original's values") {
    auto const theirs = policy({.trust_domain = "vsecm.com",
                                .workload_name_regexp = "^spiffe://vsecm.com/workload/([^/]+)/ns/[^/]+/sa/[^/]+/n/[^/]+$",
                                .workload = "^spiffe://vsecm.com/workload/[^/]+/ns/[^/]+/sa/[^/]+/n/[^/]+$",
                                .safe = "^spiffe://vsecm.com/workload/vsecm-safe/ns/vsecm-system/sa/vsecm-safe/n/[^/]+$",
                                .sentinel = "^spiffe://vsecm.com/workload/vsecm-sentinel/ns/vsecm-system/sa/vsecm-sentinel/n/[^/]+$",
                                .scout = "",
                                .clerk = ""});
    auto const ours = policy();
    std::string const near = "spiffe://vsecmXcom/workload/vsecm-sentinel/ns/vsecm-system/sa/vsecm-sentinel/n/x";
    CHECK(ours.classify(near).kind == caller_kind::unknown);
    CHECK(theirs.classify(near).kind == caller_kind::unknown);
    CHECK(theirs.is(caller_kind::sentinel, id("vsecm-sentinel", "vsecm-system")));
    CHECK(theirs.classify(id("a", "b")).workload_namespace == "b");
}

TEST_CASE("Q33: a literal prefix ends where a segment ends") {
    identity_patterns settings;
    settings.workload = "spiffe://vsecm.com/workload/";
    settings.safe = "spiffe://vsecm.com/workload/vsecm-safe/ns/vsecm-system/sa/vsecm-safe/n/";
    settings.sentinel = "spiffe://vsecm.com/workload/vsecm-sentinel";
    auto const p = policy(settings);
    CHECK(p.classify(id("vsecm-safe", "vsecm-system")).kind == caller_kind::safe);
    CHECK(p.classify(id("vsecm-sentinel", "vsecm-system")).kind == caller_kind::sentinel);
    CHECK(p.classify(id("vsecm-sentinel-evil", "vsecm-system")).kind == caller_kind::workload);
    CHECK(p.classify(id("billing", "shop")).kind == caller_kind::workload);
    CHECK(p.classify(id("billing", "shop")).workload_namespace == "shop");
}

TEST_CASE("Q32: a pattern that does not compile is an error at start that names its variable") {
    struct row {
        identity_patterns settings;
        std::string_view variable;
    };
    std::string const bad = "^spiffe://vsecm.com/workload/(";
    auto const with = [](std::string identity_patterns::* member, std::string value) {
        identity_patterns s;
        s.*member = std::move(value);
        return s;
    };
    for (auto const& [settings, variable] : {
             row{with(&identity_patterns::workload_name_regexp, bad), "VSECM_WORKLOAD_NAME_REGEXP"},
             row{with(&identity_patterns::workload, bad), "VSECM_SPIFFEID_PREFIX_WORKLOAD"},
             row{with(&identity_patterns::safe, bad), "VSECM_SPIFFEID_PREFIX_SAFE"},
             row{with(&identity_patterns::sentinel, bad), "VSECM_SPIFFEID_PREFIX_SENTINEL"},
             row{with(&identity_patterns::scout, bad), "VSECM_SPIFFEID_PREFIX_SCOUT"},
             row{with(&identity_patterns::clerk, bad), "VSECM_SPIFFEID_PREFIX_CLERK"},
             // No group, never matching, and a back reference (which would cost exponential time).
             row{with(&identity_patterns::workload_name_regexp, "^spiffe://vsecm.com/workload/[^/]+$"), "VSECM_WORKLOAD_NAME_REGEXP"},
             row{with(&identity_patterns::safe, "^spiffe://other.org/x"), "VSECM_SPIFFEID_PREFIX_SAFE"},
             row{with(&identity_patterns::safe, "vsecm-safe"), "VSECM_SPIFFEID_PREFIX_SAFE"},
             row{with(&identity_patterns::safe, "^spiffe://vsecm.com/(a)\\1$"), "VSECM_SPIFFEID_PREFIX_SAFE"},
             row{with(&identity_patterns::trust_domain, "VSECM.com"), "SPIFFE_TRUST_DOMAIN"},
         }) {
        auto const made = peer_policy::make(settings);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().code == base::errc::invalid);
        CHECK(made.error().what.starts_with(variable));
    }
    identity_patterns literal;
    literal.workload = "spiffe://vsecm.com/workload/";
    literal.workload_name_regexp = "workload/([^/]+)";
    CHECK(peer_policy::make(literal).error().what.starts_with("VSECM_WORKLOAD_NAME_REGEXP"));
}

TEST_CASE("the place of the namespace is told only where the pattern leaves no doubt") {
    struct row {
        std::string_view path;  // of the pattern, after the trust domain
        bool told;
    };
    for (auto const& [path, told] : {
             row{"/workload/([^/]+)/ns/[^/]+/sa/[^/]+$", true},
             row{"/(?:workload)/([^/]+)/ns/[^/]+$", true},
             row{"/work\\-load/(\\w+)/ns/\\d+$", true},
             row{"/([a-z]+)?/([^/]+)/ns/[^/]+$", true},   // an ID has no empty segment
             row{"/(?:cluster/)?workload/([^/]+)/ns/[^/]+$", false},
             row{"/(workload/[^/]+)/ns/[^/]+$", false},
             row{"/workload/([^/]+)(?:/ns/[^/]+)?$", false},
             row{"/?workload/([^/]+)/ns/[^/]+$", false},
             row{"/workload/*([^/]+)/ns/[^/]+$", false},
             row{"/workload/{1,2}([^/]+)/ns/[^/]+$", false},
             row{"/workload\\/([^/]+)/ns/[^/]+$", false},
             row{"/workload/(\\S+)/ns/[^/]+$", false},
             row{"/workload\\x2f([^/]+)/ns/[^/]+$", false},
             row{"/workload/(.{1,9})/ns/[^/]+$", false},
             row{"/workload/(.+)/ns/[^/]+$", false},
         }) {
        CAPTURE(path);
        identity_patterns settings;
        settings.trust_domain = "vsecm.com";
        settings.workload_name_regexp = "^spiffe://vsecm.com" + std::string(path);
        settings.workload = settings.workload_name_regexp;
        auto const made = peer_policy::make(settings);
        if (!made) FAIL(made.error().what);
        CHECK(made->has_namespaces() == told);
    }
}

TEST_CASE("other layouts and trust domains") {
    identity_patterns istio;
    istio.trust_domain = "aegis.ist";
    istio.workload = "^spiffe://aegis.ist/ns/[^/]+/sa/[^/]+$";
    istio.workload_name_regexp = "^spiffe://aegis.ist/ns/[^/]+/sa/([^/]+)$";
    istio.safe = "^spiffe://aegis.ist/ns/vsecm-system/sa/vsecm-safe$";
    istio.sentinel = "^spiffe://aegis.ist/ns/vsecm-system/sa/vsecm-sentinel$";
    auto const p = policy(istio);
    CHECK(p.classify("spiffe://aegis.ist/ns/vsecm-system/sa/vsecm-safe").kind == caller_kind::safe);
    auto const workload = p.classify("spiffe://aegis.ist/ns/shop/sa/billing");
    CHECK(workload.kind == caller_kind::workload);
    CHECK(workload.workload_name == "billing");
    CHECK(workload.workload_namespace == "shop");

    identity_patterns flat;
    flat.workload = "^spiffe://vsecm.com/app/[^/]+$";
    flat.workload_name_regexp = "^spiffe://vsecm.com/app/([^/]+)$";
    auto const f = policy(flat);
    CHECK_FALSE(f.has_namespaces());
    CHECK(f.classify("spiffe://vsecm.com/app/billing").workload_name == "billing");
    CHECK_FALSE(f.classify("spiffe://vsecm.com/app/billing").workload_namespace.has_value());

    identity_patterns other;
    other.trust_domain = "example.org";
    CHECK(policy(other).classify("spiffe://example.org/workload/vsecm-safe/ns/vsecm-system/sa/vsecm-safe/n/x").kind ==
          caller_kind::safe);
}

TEST_CASE("IDs longer than 2,048 bytes are nobody, and long ones take bounded time") {
    auto const p = policy();
    auto const long_id = id(std::string(2100, 'a'));
    CHECK(p.classify(long_id).kind == caller_kind::unknown);
    identity_patterns hard;
    hard.workload = "^spiffe://vsecm.com/(([a-z]+)*/)*!$";
    auto const slow = policy(hard);
    CHECK(slow.classify(std::format("spiffe://vsecm.com/{:a>2000}", "a")).kind == caller_kind::unknown);
}
