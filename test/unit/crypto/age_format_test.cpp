#include "crypto/age_format.hpp"

#include "support.hpp"

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

namespace {

constexpr std::string_view mac_line = "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

result<age_header> parse(std::string const& stanzas) { return parse_age_header(as_bytes("age-encryption.org/v1\n" + stanzas + std::string(mac_line))); }

}  // namespace

TEST_CASE("a header is split into stanzas, arguments and bodies") {
    auto const text = std::string("age-encryption.org/v1\n-> one a b\nAAAA\n-> two\n") + std::string(64, 'A') + "\n\n" + std::string(mac_line);
    auto const header = parse_age_header(as_bytes(text + "payload")).value();
    REQUIRE(header.stanzas.size() == 2);
    CHECK(header.stanzas[0].args == std::vector<std::string>{"one", "a", "b"});
    CHECK(header.stanzas[0].body == bytes(3));
    CHECK(header.stanzas[1].body == bytes(48));  // whole lines only, so an empty line ends it
    CHECK(header.len == text.size());
    CHECK(header.mac_covers == text.size() - mac_line.size() + 3);
}

TEST_CASE("a header breaks no rule of the grammar, or is refused") {
    CHECK(parse("-> x\n\n").has_value());
    for (std::string const& stanzas : {
             std::string(),                      // at least one stanza
             std::string("-> \n\n"),             // no argument
             std::string("->\n\n"),              //
             std::string("->  x\n\n"),           // two spaces
             std::string("-> x \n\n"),           // one at the end
             std::string("-> x\ty\n\n"),         // not printable
             std::string("-> \xc3\xa9\n\n"),     //
             std::string("-> x\r\n\n"),          // CRLF
             std::string("-> x\n"),              // no body
             std::string("-> x\nAA==\n"),        // padding
             std::string("-> x\nAB\n"),          // not canonical
             std::string("-> x\nA\n"),           // no base64 has this length
             std::string("-> x\nA A\n"),         //
             "-> x\n" + std::string(65, 'A') + "\n",
             "-> x\n" + std::string(64, 'A') + "\n",     // the short line is missing
             "-> x\n" + std::string(128, 'A') + "\n\n",  // not wrapped
             std::string("->x\n\n"),
             std::string("x\n\n"),
         }) {
        INFO(stanzas);
        auto const header = parse(stanzas);
        REQUIRE_FALSE(header);
        CHECK(header.error().code == errc::corrupt);
        CHECK(header.error().what.starts_with("age header: "));
    }
}

TEST_CASE("the MAC line is exact") {
    auto const with = [](std::string_view line) { return parse_age_header(as_bytes("age-encryption.org/v1\n-> x\n\n" + std::string(line))); };
    CHECK(with(mac_line).has_value());
    for (std::string_view const line :
         {"", "---", "---\n", "--- \n", "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "---  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
          "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n",
          "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n", "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "----AAAA\n"}) {
        INFO(line);
        CHECK_FALSE(with(line).has_value());
    }
}

TEST_CASE("the version line is exact") {
    for (std::string_view const line : {"", "age", "age-encryption.org/v1", "age-encryption.org/v1\r\n", "AGE-encryption.org/v1\n", " age-encryption.org/v1\n"}) {
        INFO(line);
        CHECK_FALSE(parse_age_header(as_bytes(std::string(line) + "-> x\n\n" + std::string(mac_line))).has_value());
    }
    CHECK(parse_age_header(as_bytes("age-encryption.org/v2\n-> x\n\n" + std::string(mac_line))).error().code == errc::unsupported);
}

TEST_CASE("a passphrase stanza beside another is refused") {
    CHECK(parse("-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\nAAAA\n").has_value());
    CHECK_FALSE(parse("-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\nAAAA\n-> X25519 A\nAAAA\n").has_value());
    CHECK_FALSE(parse("-> grease\n\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\nAAAA\n").has_value());
}

TEST_CASE("a header is bounded in stanzas and in bytes") {
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "-> x\n\n";
    CHECK(parse(many).has_value());
    CHECK_FALSE(parse(many + "-> x\n\n").has_value());
    CHECK(parse("-> " + std::string(60'000, 'x') + "\n\n").has_value());
    auto const too_long = parse("-> " + std::string(70'000, 'x') + "\n\n");
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().what == "age header: longer than 64 KiB");
}

TEST_CASE("a file key wrapped for several recipients opens for each, and for nobody else") {
    auto const a = age_identity::generate();
    auto const b = age_identity::generate();
    auto const file_key = noise(16);
    age_recipient const both[] = {a.recipient(), b.recipient()};
    auto const text = make_age_header(both, file_key);
    auto const header = parse_age_header(as_bytes(text)).value();
    CHECK(header.len == text.size());
    for (auto const* identity : {&a, &b})
        CHECK(as_text(unwrap_age_file_key(header, as_bytes(text), std::span(identity, 1)).value().view()) == as_text(file_key));
    auto const stranger = age_identity::generate();
    CHECK(unwrap_age_file_key(header, as_bytes(text), std::span(&stranger, 1)).error().code == errc::no_match);
    CHECK(unwrap_age_file_key(header, as_bytes(text), {}).error().code == errc::no_match);

    age_recipient const one[] = {a.recipient()};
    CHECK(make_age_header(one, file_key).size() == 168);  // 22 + 54 + 44 + 48
}
