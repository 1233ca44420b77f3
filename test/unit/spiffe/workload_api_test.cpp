#include "spiffe/workload_api.hpp"

#include "certificates.hpp"

#include <random>

using namespace vsecm;
using namespace vsecm::spiffe;
using vsecm::test::ca_shape;
using vsecm::test::make;

namespace {

std::string field(unsigned tag, std::string_view bytes) {
    std::string out(1, static_cast<char>(tag << 3 | 2));
    auto len = bytes.size();
    for (; len >= 0x80; len >>= 7) out.push_back(static_cast<char>((len & 0x7f) | 0x80));
    out.push_back(static_cast<char>(len));
    return out.append(bytes);
}
std::string text_of(std::vector<std::uint8_t> const& bytes) { return std::string(bytes.begin(), bytes.end()); }

struct parts {
    test::pair ca = make(ca_shape());
    test::pair leaf = make({}, &ca);
    std::string key = std::string(base::as_text(leaf.pkcs8().view()));

    std::string svid(std::string_view id = "spiffe://td/workload", std::string_view hint = "") const {
        return field(1, id) + field(2, text_of(leaf.bytes())) + field(3, key) + field(4, text_of(ca.bytes())) +
               (hint.empty() ? "" : field(5, hint));
    }
    std::string entry(std::string_view name) const { return field(1, name) + field(2, text_of(ca.bytes())); }
};

base::result<x509_context> parse(std::string const& message) { return parse_x509_svid_response(base::as_bytes(message)); }

}  // namespace

TEST_CASE("addresses of the Workload API") {
    CHECK(parse_endpoint_socket("unix:///run/a.sock")->path == "/run/a.sock");
    CHECK(parse_endpoint_socket("unix:/run/a.sock")->path == "/run/a.sock");
    CHECK(parse_endpoint_socket("unix:///run/a.sock")->text() == "unix:///run/a.sock");
    auto const tcp = parse_endpoint_socket("tcp://127.0.0.1:8000").value();
    CHECK(tcp.address == "127.0.0.1");
    CHECK(tcp.port == 8000);
    CHECK(parse_endpoint_socket("tcp://[::1]:8000")->text() == "tcp://[::1]:8000");
    for (auto const* bad : {"", "/run/a.sock", "http://x", "unix:", "unix://", "unix:///", "unix:relative", "unix://host/a",
                            "unix:///a?q", "unix:///a#f", "unix:///a%20b", "tcp:127.0.0.1:1", "tcp://localhost:1", "tcp://127.0.0.1",
                            "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:1/", "tcp://u@127.0.0.1:1",
                            "tcp://127.0.0.1:1?x", "tcp://::1:80", "tcp://[::1]", "tcp://127.0.0.1:+1", "unix"}) {
        CAPTURE(bad);
        CHECK(parse_endpoint_socket(bad).error().code == base::errc::invalid);
    }
    CHECK(parse_endpoint_socket("").error().what == "workload endpoint socket address is not configured");
}

TEST_CASE("an answer with SVIDs, hints, federated bundles and unknown fields") {
    parts const p;
    std::string const unknown = std::string("\x48\x07", 2) + field(15, "later");  // a varint field 9, and a new bytes field
    auto const context = parse(unknown + field(2, "a CRL") + field(1, p.svid("spiffe://td/workload", "one")) +
                               field(1, p.svid("spiffe://td/workload", "one")) + field(1, p.svid() + unknown) +
                               field(3, p.entry("spiffe://other.org")) + field(3, p.entry("third.org")) +
                               field(3, field(2, "x") + field(1, "spiffe://td")));
    REQUIRE(context);
    REQUIRE(context->svids.size() == 2);  // the second "one" is dropped
    CHECK(context->svids[0].hint() == "one");
    CHECK(context->bundles == bundle_map{{"td", p.ca.bytes()}});
    CHECK(context->federated.size() == 3);
    CHECK(context->federated.at("spiffe://other.org") == p.ca.bytes());
}

TEST_CASE("malformed answers are refused") {
    parts const p;
    auto const good = field(1, p.svid());
    CHECK(parse(good));
    CHECK(parse("").error().code == base::errc::corrupt);
    CHECK(parse(field(1, p.svid("spiffe://td/other"))).error().code == base::errc::corrupt);
    CHECK(parse(field(1, field(1, "spiffe://td/workload") + field(2, text_of(p.leaf.bytes())) + field(3, p.key))).error().what.contains("bundle"));
    CHECK(parse("\x08\x01").error().code == base::errc::corrupt);              // svids as a varint: skipped, so none
    CHECK(parse("\x0f").error().code == base::errc::corrupt);                  // wire type 7
    CHECK(parse("\x0b\x0b\x0b").error().code == base::errc::corrupt);          // groups
    CHECK(parse("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f").error().code == base::errc::corrupt);
    for (std::size_t len = 1; len < good.size(); len += 7) CHECK_FALSE(parse(good.substr(0, len)).has_value());
}

TEST_CASE("random damage never gets through as another identity") {
    parts const p;
    auto const good = field(1, p.svid()) + field(3, p.entry("other.org"));
    std::mt19937 random(5);
    for (int round = 0; round < 5000; ++round) {
        auto bytes = good;
        for (auto flips = 1 + random() % 3; flips > 0; --flips) {
            // Half of the damage goes where lengths and tags are.
            auto const at = random() % 2 == 0 ? random() % std::min<std::size_t>(40, bytes.size()) : random() % bytes.size();
            bytes[at] = static_cast<char>(random());
        }
        if (random() % 8 == 0) bytes.resize(random() % bytes.size());
        auto const context = parse(bytes);
        if (!context) continue;
        for (auto const& svid : context->svids) CHECK(svid.id().text() == "spiffe://td/workload");
    }
}
