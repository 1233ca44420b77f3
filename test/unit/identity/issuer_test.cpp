#include "identity/issuer.hpp"

#include "base/file.hpp"
#include "base/process.hpp"
#include "spiffe/openssl.hpp"
#include "spiffe/trust_bundle.hpp"
#include "spiffe/x509_svid.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>

using namespace vsecm;
using namespace vsecm::identity;
using namespace std::chrono_literals;

namespace {

bool const process_ready = base::harden_process().has_value();
constexpr std::string_view id = "spiffe://vsecm.com/workload/a/ns/b/sa/a/n/dev";

// What a peer that trusts `roots` thinks of this SVID at `when`.
base::status trusted(minted_svid const& svid, der const& roots, base::system_time when) {
    auto const bundles = spiffe::trust_bundles::make({{"vsecm.com", roots}}).value();
    auto const leaf = spiffe::parse_certificate(svid.chain).value();
    auto found = bundles->verify(leaf.get(), nullptr, when);
    if (!found) return std::unexpected(found.error());
    CHECK(found->id.text() == svid.id);
    return {};
}

}  // namespace

TEST_CASE("what it mints is what SPIRE's clients accept, and lives as long as asked") {
    base::manual_clock clock(base::system_clock().now());
    auto ca = issuer::ephemeral({.clock = &clock}).value();
    auto const svid = ca.mint(id).value();
    CHECK(svid.expires <= clock.now() + 1h);
    CHECK(svid.expires > clock.now() + 59min);
    CHECK(svid.not_before <= clock.now() - 10s);
    CHECK(spiffe::x509_svid::parse(id, svid.chain, svid.key.view()));
    CHECK(trusted(svid, ca.bundle(), clock.now()));
    CHECK_FALSE(trusted(svid, ca.bundle(), clock.now() + 61min).has_value());
    CHECK(ca.mint(id, 10s)->expires <= clock.now() + 10s);
    CHECK(ca.mint(id).value().chain != svid.chain);
    auto const leaf = spiffe::parse_certificate(svid.chain).value();
    CHECK(X509_get_extended_key_usage(leaf.get()) == (XKU_SSL_SERVER | XKU_SSL_CLIENT));
    for (auto const* bad : {"", "spiffe://vsecm.com", "spiffe://other.org/a", "spiffe://vsecm.com/a/", "nonsense"})
        CHECK(ca.mint(bad).error().code == base::errc::invalid);
}

TEST_CASE("an SVID never outlives its CA") {
    base::manual_clock clock(base::system_clock().now());
    auto ca = issuer::ephemeral({.ca_ttl = 30min, .svid_ttl = 1h, .clock = &clock}).value();
    auto const svid = ca.mint(id).value();
    CHECK(svid.expires <= clock.now() + 30min + 1s);
    CHECK(ca.ca_is_old());
    clock.advance(31min);
    CHECK(ca.mint(id).error().code == base::errc::unavailable);
}

TEST_CASE("a CA in a folder is the same one after a restart") {
    test::temp_folder folder;
    auto const first = issuer::open(folder.path(), {}).value().bundle();
    struct ::stat info {};
    REQUIRE(::stat((folder / "ca.pem").c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    auto again = issuer::open(folder.path(), {}).value();
    CHECK(again.bundle() == first);
    CHECK(trusted(again.mint(id).value(), first, base::system_clock().now()));
}

TEST_CASE("CA rotation: the old root stays until it expires, over a restart too") {
    test::temp_folder folder;
    base::manual_clock clock(base::system_clock().now());
    issuer_options const options{.ca_ttl = 24h, .clock = &clock};
    auto ca = issuer::open(folder.path(), options).value();
    auto const before = ca.mint(id).value();
    auto const old_bundle = ca.bundle();
    REQUIRE(ca.rotate_ca());
    auto const after = ca.mint(id).value();
    CHECK(trusted(before, ca.bundle(), clock.now()));
    CHECK(trusted(after, ca.bundle(), clock.now()));
    CHECK_FALSE(trusted(after, old_bundle, clock.now()).has_value());
    CHECK(issuer::open(folder.path(), options).value().bundle() == ca.bundle());
    clock.advance(25h);  // both have expired: opening renews
    auto renewed = issuer::open(folder.path(), options).value();
    CHECK(trusted(renewed.mint(id).value(), renewed.bundle(), clock.now()));
    CHECK(spiffe::split_der(renewed.bundle(), 9)->size() == 1);
}

TEST_CASE("a damaged or foreign CA file is an error and stays as it is") {
    test::temp_folder folder;
    REQUIRE(issuer::open(folder.path(), {}));
    CHECK(issuer::open(folder.path(), {.trust_domain = "other.org"}).error().code == base::errc::conflict);
    auto const path = folder / "ca.pem";
    auto const good = base::read_file(path, 100'000).value();
    for (std::size_t const len : {0UZ, 10UZ, good.size() / 4, good.size() / 2, good.size() - 40}) {
        REQUIRE(base::replace_file(base::posix_files(), path, good.bytes().first(len), 0600));
        auto const opened = issuer::open(folder.path(), {});
        REQUIRE_FALSE(opened.has_value());
        CHECK(opened.error().code == base::errc::corrupt);
        CHECK(opened.error().what.contains(path));
        CHECK(base::read_file(path, 100'000).value().size() == len);
    }
    // The key of one CA with the certificate of another.
    test::temp_folder second;
    REQUIRE(issuer::open(second.path(), {}));
    auto const other = base::read_file(second / "ca.pem", 100'000).value();
    auto const cut = good.view().find("-----BEGIN CERTIFICATE");
    auto const other_cut = other.view().find("-----BEGIN CERTIFICATE");
    base::secret_text mixed(good.view().substr(0, cut));
    mixed.append(other.view().substr(other_cut));
    REQUIRE(base::replace_file(base::posix_files(), path, mixed.bytes(), 0600));
    CHECK(issuer::open(folder.path(), {}).error().code == base::errc::corrupt);
    CHECK(issuer::open(folder / "missing", {}).error().code == base::errc::not_found);
}
