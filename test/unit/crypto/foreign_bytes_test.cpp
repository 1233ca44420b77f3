// The parsers over many mutations of good input: they end, they stay in bounds (the sanitizer build sees), and what opens
// is what was sealed. The same entry points are fuzzed for longer in test/fuzz.
#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/age_format.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/bech32.hpp"
#include "crypto/root_key.hpp"
#include "support.hpp"

#include <functional>
#include <random>

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

namespace {

void mutate(std::mt19937& random, bytes& data) {
    auto const pick = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below == 0 ? 0 : below - 1)(random); };
    for (auto times = 1 + pick(4); times-- > 0;) {
        if (data.empty()) data.push_back(0);
        auto const at = pick(data.size());
        auto const it = data.begin() + static_cast<std::ptrdiff_t>(at);
        auto const len = pick(std::min<std::size_t>(data.size() - at, 70) + 1);
        bytes const piece(it, it + static_cast<std::ptrdiff_t>(len));
        switch (pick(6)) {
            case 0: *it ^= static_cast<std::uint8_t>(1U << pick(8)); break;
            case 1: *it = static_cast<std::uint8_t>("\n\r -=>1qA\xff"[pick(10)]); break;
            case 2: data.erase(it, it + static_cast<std::ptrdiff_t>(len)); break;
            case 3: data.insert(it, piece.begin(), piece.end()); break;
            case 4: data.resize(at); break;
            default: data.insert(data.begin() + static_cast<std::ptrdiff_t>(pick(data.size())), piece.begin(), piece.end());
        }
    }
}

void hammer(bytes const& good, int rounds, std::function<void(bytes const&)> const& use) {
    std::mt19937 random(20240601);
    for (int i = 0; i < rounds; ++i) {
        auto data = good;
        mutate(random, data);
        use(data);
    }
}

}  // namespace

TEST_CASE("mutated age files never open to something else") {
    auto const identity = age_identity::generate();
    auto const plain = noise(200);
    auto const file = age_encrypt(identity.recipient(), plain);
    int num_opened = 0;
    auto const check = [&](bytes const& data) {
        auto const opened = age_decrypt(identity, data, 1 << 20);
        if (opened) CHECK(as_text(opened->bytes()) == as_text(plain));
        if (opened) ++num_opened;
        auto reader = age_reader::start(std::span(&identity, 1), memory_source(data));
        auto const first = reader ? reader->next() : result<byte_view>(std::unexpected(reader.error()));
        CHECK(first.has_value() == opened.has_value());
    };
    hammer(file, 3000, check);
    CHECK(num_opened < 300);  // a mutation may cancel itself out
    hammer(to_bytes(age_armor_encode(file)), 3000, check);
}

TEST_CASE("mutated headers parse or are refused, and a parsed one says where it ends") {
    age_recipient const to[] = {age_identity::generate().recipient(), age_identity::generate().recipient()};
    hammer(to_bytes(make_age_header(to, noise(16)) + "payload"), 20'000, [](bytes const& data) {
        auto const header = parse_age_header(data);
        if (!header) return;
        REQUIRE(header->len <= data.size());
        REQUIRE(header->mac_covers < header->len);
        for (auto const& s : header->stanzas) REQUIRE_FALSE(s.args.empty());
    });
}

TEST_CASE("mutated armor decodes to bytes that encode to an equal file, or is refused") {
    hammer(to_bytes(age_armor_encode(noise(150))), 20'000, [](bytes const& data) {
        auto const decoded = age_armor_decode(data);
        if (decoded) REQUIRE(age_armor_decode(as_bytes(age_armor_encode(*decoded))).value() == *decoded);
    });
}

TEST_CASE("mutated bech32, root keys and containers are refused or equal") {
    auto const identity = age_identity::generate();
    auto const text = identity.print();
    hammer(to_bytes(text.view()), 20'000, [&](bytes const& data) {
        auto const decoded = bech32_decode(as_text(data));
        if (decoded) REQUIRE(bech32_encode(decoded->hrp, decoded->bytes.bytes()).size() == data.size());
    });
    auto const key = root_key::generate();
    hammer(to_bytes(key.print().view()), 3000, [&](bytes const& data) {
        auto const parsed = root_key::parse(as_text(data));
        if (parsed) REQUIRE(parsed->recipient() == key.recipient());  // the seed has no check; the pair has
        [[maybe_unused]] auto const ring = key_ring::parse(as_text(data));
    });
    auto const aes = noise(32);
    hammer(aes_gcm_seal(aes, noise(100)), 20'000, [&](bytes const& data) {
        auto const opened = aes_gcm_open(aes, data);
        if (opened) REQUIRE(as_text(opened->bytes()) == as_text(noise(100)));
    });
}
